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

/** Devices asked for together: a hall is read in many small answers, so that other work has its turn between them. */
const AT_ONCE = 8;

const UNKNOWN = new Set(['unknown', 'unavailable', '']);

/** Current values as `rackwatt_...`; a value that is old or bad is left out, so that a sum never counts it. */
export function metricsSource({ store }: Pick<Services, 'store'>): MetricsSource {
  return {
    async collect() {
      const source = store.service;
      if (!source) return [];
      const devices = (await source.devices()).filter((device) => device.status.state !== 'removed');
      const families = new Map<MetricName, MetricFamily>();
      for (let next = 0; next < devices.length; next += AT_ONCE) {
        const some = devices.slice(next, next + AT_ONCE);
        const values = await Promise.all(some.map(({ id }) => source.latest({ device: id })));
        for (const [index, device] of some.entries()) addValues(families, device, values[index]!, Date.now());
      }
      return [...deviceFamilies(devices), ...families.values()];
    },
  };
}

function addValues(
  families: Map<MetricName, MetricFamily>,
  device: StoredDevice,
  latest: readonly LatestValue[],
  now: number,
): void {
  const labels = place(device);
  for (const value of latest) {
    const sample = isCurrent(value, device.interval, now) ? number(value) : undefined;
    if (sample === undefined) continue;
    const metric = METRICS[value.metric];
    let family = families.get(value.metric);
    if (!family) {
      const type = metric.kind === 'counter' ? 'counter' : 'gauge';
      families.set(value.metric, (family = { name: metric.prometheus, help: metric.help, type, samples: [] }));
    }
    family.samples.push({ labels: { ...labels, level: levelOf(value.part), component: value.part }, value: sample });
  }
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
