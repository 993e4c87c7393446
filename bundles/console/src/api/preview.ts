import { type DeviceTarget, DRIVER_ERRORS, type ProbeResult, qualityText, STATES } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { finite } from './current.js';
import { DEVICE_PID } from './known-devices.js';
import { restored } from './redaction.js';
import { devicesOf, type Services, withStatus } from './services.js';
import type { PreviewView } from './views.js';

/** HTTP status of what a device answers to a preview. */
const STATUS = { 'no-answer': 504, refused: 502, error: 422 } as const;

export const DEVICE_STATUSES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(DRIVER_ERRORS).map(([code, state]) => [code, STATUS[state]])),
  DEVICE_SETTINGS_INVALID: 422,
  DEVICE_NO_DRIVER: 503,
  SECRET_MISSING: 422,
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** Takes the settings of a device as its configuration has them; those that do not matter for one read are passed over. */
export async function preview(services: Services, settings: Record<string, unknown>): Promise<PreviewView> {
  const devices = devicesOf(services);
  const { address, profile, retries } = settings;
  const credentials = await withKept(services, settings['pid'], settings['credentials']);
  const timeout = milliseconds(settings['timeout']);
  const target: DeviceTarget = {
    address: String(address),
    profile: typeof profile === 'string' && profile !== '' ? profile : 'auto',
    ...(credentials !== undefined && { credentials: credentials as NonNullable<DeviceTarget['credentials']> }),
    ...(timeout !== undefined && { timeout }),
    ...(typeof retries === 'number' && { retries }),
  };
  return previewView(await withStatus(DEVICE_STATUSES, devices.preview(target)));
}

/** Credentials that the form never saw are those of the device that it changes. */
async function withKept({ configuration }: Services, pid: unknown, given: unknown): Promise<unknown> {
  if (typeof pid !== 'string' || !pid.startsWith(`${DEVICE_PID}~`)) return given;
  const { document } = await configuration.read();
  const all = (document as { configurations?: Record<string, { credentials?: unknown }> } | null)?.configurations ?? {};
  return restored(given, Object.hasOwn(all, pid) ? all[pid]?.credentials : undefined);
}

function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value === '') return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(ms|s|min)$/.exec(value) ?? [];
  if (amount !== undefined && unit !== undefined) return Number(amount) * UNITS[unit]!;
  throw new RackwattError('DURATION_INVALID', `"${value.slice(0, 40)}" is no duration; write one such as "2 s".`, {
    context: { status: 422 },
  });
}

export function previewView({ identity, parts, points, reading, cost }: ProbeResult): PreviewView {
  const labels = new Map(parts.map((part) => [part.path, part.label]));
  const readings = Array.from(reading.points, (index, column) => {
    const point = points[index];
    if (!point) return undefined;
    const label = labels.get(point.part);
    return {
      part: point.part,
      metric: point.metric,
      value: finite(reading.values[column] ?? null),
      state: STATES[reading.states[column] ?? 0] || null,
      unit: point.unit,
      quality: qualityText(reading.quality[column] ?? 0),
      ...(label !== undefined && { label }),
    };
  });
  return { device: identity, readings: readings.filter((one) => one !== undefined), cost };
}
