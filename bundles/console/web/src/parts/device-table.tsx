import { decimal } from '../format.js';
import type { DeviceView } from '../node.js';
import { href } from '../router.js';
import { DEVICE_STATES, stateWord } from '../words.js';
import { Age, Badge } from './basics.js';
import { useGrowing } from './growing.js';
import { orderOf, SortHeader, useStableOrder } from './sorting.js';

/** What people call it: its name in the configuration, which they gave. */
export const nameOf = (device: DeviceView) => device.device;

export const modelOf = ({ identity: { vendor, model } }: DeviceView) => [vendor, model].filter(Boolean).join(' ');

const rackOf = ({ location: { site, room, row, rack, unit } }: DeviceView) => ({
  rack: [rack, unit].filter(Boolean).join(' · U'),
  where: [site, room, row].filter(Boolean).join(' · '),
});

const COLUMNS: Record<string, (device: DeviceView) => string | number | null> = {
  name: nameOf,
  model: (device) => modelOf(device) || null,
  rack: ({ location: { site, room, row, rack } }) => [site, room, row, rack].filter(Boolean).join(' ') || null,
  feed: ({ location }) => location.feed ?? null,
  kW: (device) => device.kW,
  // Troubles first.
  state: ({ status }) => `${status.state === 'ok' ? 1 : 0} ${status.state}`,
  age: (device) => (device.lastSample === null ? null : -device.lastSample),
};

export function DeviceTable({ devices }: { devices: readonly DeviceView[] }) {
  const order = orderOf('sort', 'name');
  const rows = useStableOrder(
    devices,
    order,
    (device) => device.id,
    (device, column) => COLUMNS[column]?.(device) ?? null,
  );
  const shown = useGrowing(rows.length);
  return (
    <div class="table-wrap">
      <table class="devices" data-testid="devices">
        <thead>
          <tr>
            <SortHeader name="sort" column="name" order={order}>
              PDU
            </SortHeader>
            <SortHeader name="sort" column="rack" order={order}>
              Rack
            </SortHeader>
            <SortHeader name="sort" column="feed" order={order}>
              Feed
            </SortHeader>
            <SortHeader name="sort" column="kW" order={order} numeric>
              Power kW
            </SortHeader>
            <SortHeader name="sort" column="state" order={order}>
              State
            </SortHeader>
            <SortHeader name="sort" column="age" order={order} numeric>
              Last sample
            </SortHeader>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((device) => (
            <Row key={device.id} device={device} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ device }: { device: DeviceView }) {
  const { word, tone } = stateWord(DEVICE_STATES, device.status.state);
  const { rack, where } = rackOf(device);
  return (
    <tr data-testid="device-row" data-device={device.id}>
      <th scope="row">
        <a href={href(['devices', device.id])}>{nameOf(device)}</a>
        <span class="sub">{modelOf(device) || 'not read yet'}</span>
      </th>
      <td data-label="Rack">
        {rack || <span class="muted">–</span>}
        <span class="sub">{where}</span>
      </td>
      <td data-label="Feed">{device.location.feed ?? <span class="muted">–</span>}</td>
      <td class="number" data-label="Power kW" data-testid="device-kw">
        {decimal(device.kW, 3)}
      </td>
      <td data-label="State">
        <Badge tone={tone} testid="device-state">
          {word}
        </Badge>
        {device.status.state !== 'ok' && device.status.detail && <span class="sub">{device.status.detail}</span>}
      </td>
      <td class="number" data-label="Last sample" data-testid="device-age">
        <Age time={device.lastSample} interval={device.interval} />
      </td>
    </tr>
  );
}
