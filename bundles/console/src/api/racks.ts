import type { DeviceView, RackList, RackView } from './views.js';

/** Totals by rack, at inlet level only: what outlets and branches measure is the same power again. */
export function racks(devices: readonly DeviceView[], time: number): RackList {
  const groups = Map.groupBy(devices, ({ location: { site, room, row, rack } }) =>
    JSON.stringify([site, room, row, rack]),
  );
  const views = [...groups.values()].map(rackView);
  const collator = new Intl.Collator('en', { numeric: true });
  const name = (rack: RackView) =>
    [rack.site, rack.room, rack.row, rack.rack ?? '\uffff'].map((part) => part ?? '').join('\t');
  const counted = devices.filter((device) => device.complete);
  return {
    time,
    level: 'inlet',
    total: { kW: add(counted), devices: devices.length, counted: counted.length },
    racks: views.sort((a, b) => collator.compare(name(a), name(b))),
  };
}

function rackView(devices: DeviceView[]): RackView {
  const { site = null, room = null, row = null, rack = null } = devices[0]!.location;
  const counted = devices.filter((device) => device.complete);
  const feeds = Map.groupBy(counted, (device) => device.location.feed ?? '');
  return {
    site,
    room,
    row,
    rack,
    kW: add(counted),
    feeds: Object.fromEntries(
      [...feeds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([feed, of]) => [feed, add(of) ?? 0]),
    ),
    devices: devices.length,
    counted: counted.length,
    missing: devices.filter((device) => !device.complete).map((device) => device.id),
  };
}

function add(devices: readonly DeviceView[]): number | null {
  return devices.length === 0 ? null : devices.reduce((sum, device) => sum + (device.kW ?? 0), 0);
}
