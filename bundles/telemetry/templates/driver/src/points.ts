import type { DeviceDescription, MetricName, Part, PointDescription } from '@rackwatt/telemetry';
import { METRICS } from '@rackwatt/telemetry';

/** A point of the device: which part, what it measures, and where it stands in the device's answer. */
interface Row {
  part: string;
  metric: MetricName;
  /** Register, OID or key in the real device. */
  register: number;
  /** Factor from the register's number to the metric's unit. */
  scale: number;
  pollClass: 'fast' | 'slow';
}

export const OUTLETS = 8;

/** What every outlet measures, by its offset in the registers of that outlet. */
const OUTLET_ROWS: readonly Omit<Row, 'part'>[] = [
  { metric: 'state.outlet', register: 0, scale: 1, pollClass: 'fast' },
  { metric: 'current.rms', register: 1, scale: 0.01, pollClass: 'fast' },
  { metric: 'power.active', register: 2, scale: 1, pollClass: 'fast' },
  { metric: 'energy.active', register: 3, scale: 10, pollClass: 'slow' },
];

/** A model with one inlet, eight switched outlets and a sensor. A further model is a further table. */
export const ROWS: readonly Row[] = [
  { part: 'inlet/1', metric: 'voltage.rms', register: 0, scale: 0.1, pollClass: 'fast' },
  { part: 'inlet/1', metric: 'frequency', register: 1, scale: 0.01, pollClass: 'slow' },
  { part: 'inlet/1', metric: 'power.active', register: 2, scale: 1, pollClass: 'fast' },
  { part: 'sensor/1', metric: 'temperature', register: 3, scale: 0.1, pollClass: 'slow' },
  { part: 'sensor/1', metric: 'humidity.relative', register: 4, scale: 1, pollClass: 'slow' },
  ...Array.from({ length: OUTLETS }, (_, index) =>
    OUTLET_ROWS.map((row) => ({
      ...row,
      part: `outlet/${index + 1}`,
      register: outletRegister(index + 1) + row.register,
    })),
  ).flat(),
];

/** First register of an outlet. */
export function outletRegister(outlet: number): number {
  return 100 + outlet * OUTLET_ROWS.length;
}

const parts: Part[] = [...new Set(ROWS.map(({ part }) => part))].map((path) =>
  path.startsWith('outlet/') ? { path, label: `Outlet ${path.slice('outlet/'.length)}`, switchable: true } : { path },
);
const points: PointDescription[] = ROWS.map(({ part, metric }) => ({ part, metric, unit: METRICS[metric].unit }));

/** Everything about the model but who one device is. */
export const MODEL: Omit<DeviceDescription, 'identity'> = { parts, points };
