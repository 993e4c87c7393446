import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WorkerOutbox } from '@rackwatt/outbox';
import type { BatchClass, DeviceDescription, Sample } from '@rackwatt/telemetry';
import { decodeBody, type BatchBody } from '@rackwatt/telemetry/wire';
import { temporaryFolder } from '../support/temporary.js';

const require = createRequire(import.meta.url);

export const sqlite = require.resolve('better-sqlite3');

export const location = { location: { rack: 'R1' }, interval: 10_000 };

/** Collects what is logged, for tests that count lines. */
export function logbook(): { lines: string[]; info: never; warn: never; error: never } {
  const lines: string[] = [];
  const write = (level: string) => (fields: object | string, message?: string) =>
    void lines.push(`${level}: ${message ?? (fields as string)}`);
  return { lines, info: write('info') as never, warn: write('warn') as never, error: write('error') as never };
}

/** An outbox in a folder, closed after the test. */
export function openOutbox(
  t: TestContext,
  { folder = temporaryFolder(t), maxBytes = 64 << 20, log = logbook() } = {},
): WorkerOutbox {
  const outbox = new WorkerOutbox({ sqlite, path: join(folder, 'outbox.db'), maxBytes, log });
  t.after(() => outbox.close());
  return outbox;
}

export function description(points: number, { serial = 'S1', label = 'web' } = {}): DeviceDescription {
  return {
    identity: { vendor: 'APC', serial },
    parts: Array.from({ length: points }, (_, i) => ({ path: `outlet/${i + 1}`, label: `${label}-${i}` })),
    points: Array.from({ length: points }, (_, i) => ({ part: `outlet/${i + 1}`, metric: 'power.active', unit: 'W' })),
  };
}

export function sample(device: string, number: number, points: number | Uint32Array = 3, value?: number): Sample {
  const numbers = typeof points === 'number' ? Uint32Array.from({ length: points }, (_, i) => i) : points.slice();
  const count = numbers.length;
  return {
    device,
    number,
    time: 1_763_900_000_000 + number,
    points: numbers,
    values: Float64Array.from({ length: count }, (_, i) => value ?? (number * 7 + i * 13) / 10),
    quality: new Uint16Array(count),
    states: new Uint8Array(count),
  };
}

/** Noise that does not compress, so that a bound in bytes is reached soon. */
export function noise(device: string, number: number, points: number): Sample {
  const made = sample(device, number, points);
  for (let i = 0; i < points; i++) made.values[i] = Math.random();
  return made;
}

/** Everything that waits in a class, decoded. */
export async function contents(
  outbox: WorkerOutbox,
  batchClass: BatchClass,
): Promise<(BatchBody & { sequence: number })[]> {
  const found: (BatchBody & { sequence: number })[] = [];
  for (;;) {
    const batches = await outbox.batches(batchClass, found.at(-1)?.sequence ?? 0, 1000);
    if (batches.length === 0) return found;
    for (const { sequence, body } of batches) found.push({ sequence, ...decodeBody(body) });
  }
}
