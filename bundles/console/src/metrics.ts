import type { MetricFamily, MetricsSource } from '@rackwatt/http/contract';
import { type LatestValue, levelOf, METRICS, type MetricName, type StoredDevice } from '@rackwatt/telemetry';
import type { Services } from './api/services.js';
import { isCurrent } from './api/current.js';

/** Words of a state for which its metric is 1; for `unknown` and the like there is no sample. */
const ON: Partial<Record<MetricName, readonly string[]>> = {
  'state.outlet': ['on'],
  'state.breaker': ['closed'],
  'state.load': ['normal', 'ok'],
  'state.contact': ['closed'],
  'state.sensor': ['normal', 'ok'],
};

const UNKNOWN = new Set(['unknown', 'unavailable', '']);

/** Current values as `rackwatt_...`; a value that is old or bad is left out, so that a sum never counts it. */
export function metricsSource({ store }: Pick<Services, 'store'>): MetricsSource {
  return {
    async collect() {
      const source = store.service;
      if (!source) return [];
      const [all, latest] = await Promise.all([source.devices(), source.latest()]);
      const devices = all.filter((device) => device.status.state !== 'removed');
      return [...deviceFamilies(devices), ...valueFamilies(devices, latest, Date.now())];
    },
  };
}

function valueFamilies(devices: readonly StoredDevice[], latest: readonly LatestValue[], now: number): MetricFamily[] {
  const byId = new Map(devices.map((device) => [device.id, { device, labels: place(device) }]));
  const families = new Map<MetricName, MetricFamily>();
  for (const value of latest) {
    const known = byId.get(value.device);
    const sample = known && isCurrent(value, known.device.interval, now) ? number(value) : undefined;
    if (!known || sample === undefined) continue;
    const metric = METRICS[value.metric];
    let family = families.get(value.metric);
    if (!family) {
      const type = metric.kind === 'counter' ? 'counter' : 'gauge';
      families.set(value.metric, (family = { name: metric.prometheus, help: metric.help, type, samples: [] }));
    }
    const labels = { ...known.labels, level: levelOf(value.part), component: value.part };
    family.samples.push({ labels, value: sample });
  }
  return [...families.values()];
}

function number(value: LatestValue): number | undefined {
  const on = ON[value.metric];
  if (!on) return value.value === null || Number.isNaN(value.value) ? undefined : value.value;
  if (value.state === null || UNKNOWN.has(value.state)) return undefined;
  return on.includes(value.state) ? 1 : 0;
}

function deviceFamilies(devices: readonly StoredDevice[]): MetricFamily[] {
  const labels = (device: StoredDevice) => ({ ...place(device), level: 'unit', component: 'unit' });
  return [
    {
      name: 'rackwatt_device_up',
      help: '1 when the device answers',
      type: 'gauge',
      samples: devices.map((device) => ({ labels: labels(device), value: device.status.state === 'ok' ? 1 : 0 })),
    },
    {
      name: 'rackwatt_device_last_sample_timestamp_seconds',
      help: 'Time of the last sample',
      type: 'gauge',
      samples: devices
        .filter((device) => device.lastSample !== null)
        .map((device) => ({ labels: labels(device), value: (device.lastSample ?? 0) / 1000 })),
    },
  ];
}

function place({ id, location: { site, room, row, rack, feed } }: StoredDevice): Record<string, string> {
  return { site: site ?? '', room: room ?? '', row: row ?? '', rack: rack ?? '', pdu: id, feed: feed ?? '' };
}
