/** Bytes of a reading and the time to read a day of one point. Scaled down: 2.6 and 1.7 million readings instead of ten. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerStore } from '@rackwatt/store-sqlite';
import type { MetricName, Sample, SchemaEntry } from '@rackwatt/telemetry';

export interface Figure {
  metric: string;
  value: number;
  unit: string;
  subject: string;
}

const POINTS_OF_DEVICE = 50;
const BLOCK = 288;

/** xorshift: the same readings in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

type Walk = () => number;

/** A random walk on the steps of a meter, 40 % of its readings unchanged. */
function quantised(
  random: () => number,
  gauss: () => number,
  { start, spread, digits, rising }: { start: number; spread: number; digits: number; rising?: boolean },
): Walk {
  let at = start;
  const power = 10 ** digits;
  return () => {
    if (random() >= 0.4) at += rising ? Math.abs(spread * (1 + gauss() / 10)) : gauss() * spread;
    return Math.round(at * power) / power;
  };
}

const KINDS = [
  { metric: 'power.active', unit: 'W', start: 250, spread: 6, digits: 0 },
  { metric: 'current.rms', unit: 'A', start: 1.08, spread: 0.03, digits: 2 },
  { metric: 'voltage.rms', unit: 'V', start: 230, spread: 0.4, digits: 1 },
  { metric: 'temperature', unit: 'Cel', start: 23, spread: 0.15, digits: 1 },
  { metric: 'energy.active', unit: 'W.h', start: 100_000, spread: 20, digits: 0, rising: true },
] as const;

/** `quantised`: five kinds of meters. `noisy`: every reading differs, half of them 32-bit floats of a Modbus meter, half with three decimals. */
function walks(form: 'quantised' | 'noisy', device: number): Walk[] {
  return Array.from({ length: POINTS_OF_DEVICE }, (_, i) => {
    const random = randomOf(1 + device * 1000 + i);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    if (form === 'quantised') return quantised(random, gauss, KINDS[i % KINDS.length]!);
    return i % 2 === 0 ? () => Math.fround(1500 + 50 * gauss()) : () => Math.round((1500 + 50 * gauss()) * 1000) / 1000;
  });
}

function entryOf(version: number): SchemaEntry {
  return {
    version,
    device: `pdu-${version}`,
    identity: { vendor: 'Bench', serial: `B${version}` },
    location: {},
    parts: [],
    firstPoint: (version - 1) * POINTS_OF_DEVICE,
    points: Array.from({ length: POINTS_OF_DEVICE }, (_, i) => {
      const { metric, unit } = KINDS[i % KINDS.length]!;
      return { part: `outlet/${Math.floor(i / KINDS.length) + 1}`, metric: metric as MetricName, unit };
    }),
    interval: 10_000,
  };
}

interface Outcome {
  bytes: number;
  perSecond: number;
  store: WorkerStore;
  close(): Promise<void>;
}

/** Writes whole blocks of `devices` devices, read every 10 s with the jitter of a real poller, and waits until all is sealed. */
async function fill(form: 'quantised' | 'noisy', devices: number, blocks: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
  const file = join(folder, 'store.db');
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  const store = await WorkerStore.open({ sqlite, file, maxBytes: 0, blockRows: BLOCK, rawDays: 36_500 });
  await store.describe(
    'bench',
    'e',
    Array.from({ length: devices }, (_, i) => entryOf(i + 1)),
  );
  const sources = Array.from({ length: devices }, (_, i) => walks(form, i));
  const jitter = randomOf(7);
  const rows = BLOCK * blocks;
  const count = devices * rows * POINTS_OF_DEVICE;
  const began = performance.now();
  let pending: Promise<void>[] = [];
  for (let row = 0; row < rows; row++) {
    const time = 1.76e12 + row * 10_000;
    const samples: Sample[] = sources.map((walk, device) => ({
      device: `pdu-${device + 1}`,
      number: row + 1,
      time: time + Math.round(jitter() * 200),
      points: Uint32Array.from({ length: POINTS_OF_DEVICE }, (_, i) => device * POINTS_OF_DEVICE + i),
      values: Float64Array.from(walk, (next) => next()),
      quality: new Uint16Array(POINTS_OF_DEVICE),
      states: new Uint8Array(POINTS_OF_DEVICE),
    }));
    pending.push(
      store.apply([
        { gateway: 'bench', epoch: 'e', class: 'live', sequence: row + 1, samples, gaps: [], events: [], statuses: [] },
      ]),
    );
    if (pending.length === 8) {
      await Promise.all(pending);
      pending = [];
    }
  }
  await Promise.all(pending);
  const perSecond = count / ((performance.now() - began) / 1000);
  // Sealing goes on after the last batch; closing waits for what is in the queue and writes the log back into the file.
  let sealed = 0;
  for (let same = 0; same < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { bytes } = await store.status();
    same = bytes === sealed ? same + 1 : 0;
    sealed = bytes;
  }
  await store.close();
  const bytes = statSync(file).size / count;
  const again = await WorkerStore.open({ sqlite, file, maxBytes: 0, blockRows: BLOCK, rawDays: 36_500 });
  const close = async (): Promise<void> => {
    await again.close();
    rmSync(folder, { recursive: true });
  };
  return { bytes, perSecond, store: again, close };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

export async function storeBench(print: (figure: Figure) => void): Promise<void> {
  const figure = (metric: string, value: number, unit: string, digits = 3): void =>
    print({ metric, value: Number(value.toFixed(digits)), unit, subject: 'rackwatt' });
  // 6 devices x 50 points x 8,640 samples: a day of 300 points, 2.6 million readings.
  const day = await fill('quantised', 6, 30);
  figure('store.bytes-quantised', day.bytes, 'B/reading');
  figure('store.apply-per-s', day.perSecond, 'readings/s', 0);
  const latest = await day.store.latest();
  const times: number[] = [];
  for (const { point } of latest) {
    const began = performance.now();
    const { values } = await day.store.series({ point, from: 0, to: 1e13 });
    times.push(performance.now() - began);
    if (values.length !== 8640) throw new RangeError(`a day has ${values.length} readings`);
  }
  figure('store.day-of-point-ms', median(times), 'ms');
  await day.close();
  const noisy = await fill('noisy', 6, 20);
  figure('store.bytes-noisy', noisy.bytes, 'B/reading');
  await noisy.close();
}
