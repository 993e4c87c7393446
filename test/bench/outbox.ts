import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { WorkerOutbox } from '@rackwatt/outbox';
import type { Sample } from '@rackwatt/telemetry';

const require = createRequire(import.meta.url);

export interface Figure {
  metric: string;
  value: number;
  unit: string;
  subject: string;
}

const POINTS = 223;
const APPENDS = 20_000;
const IN_FLIGHT = 512;

let seed = 1;
/** A whole number below `most`; the same ones in each run. */
function random(most: number): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed % most;
}

/** One read of a PDU of 223 points: power, current, voltage, energy and states as devices give them. */
function reading(number: number, points: Uint32Array): Sample {
  const values = new Float64Array(POINTS);
  const states = new Uint8Array(POINTS);
  for (let i = 0; i < POINTS; i++) {
    if (i % 5 === 0) values[i] = 120 + random(40);
    else if (i % 5 === 1) values[i] = (50 + random(100)) / 100;
    else if (i % 5 === 2) values[i] = (2300 + random(20)) / 10;
    else if (i % 5 === 3) values[i] = (1_000_000 + i * 5000 + number * 3 + random(5)) / 10;
    else {
      values[i] = Number.NaN;
      states[i] = 2;
    }
  }
  return {
    device: `pdu-${number % 40}`,
    number,
    time: 1_763_900_000_000 + number * 10,
    points: points.slice(),
    values,
    quality: new Uint16Array(POINTS),
    states,
  };
}

/** Readings a second into the outbox: one sample an append, many in flight, each settled after fsync. Median of three. */
export async function outboxBench(print: (figure: Figure) => void): Promise<void> {
  const points = Uint32Array.from({ length: POINTS }, (_, i) => i);
  const rates: number[] = [];
  const costs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const outbox = new WorkerOutbox({
      sqlite: require.resolve('better-sqlite3'),
      path: join(folder, 'outbox.db'),
      maxBytes: 1 << 30,
      log,
    });
    await outbox.append({ samples: [reading(0, points)] });
    const samples = Array.from({ length: APPENDS }, (_, i) => reading(i + 1, points));
    const cpu = process.cpuUsage();
    const start = performance.now();
    const lane = async (): Promise<void> => {
      for (let next = samples.pop(); next; next = samples.pop()) await outbox.append({ samples: [next] });
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    rates.push((APPENDS * POINTS * 1000) / (performance.now() - start));
    const { user, system } = process.cpuUsage(cpu);
    costs.push(((user + system) * 1000) / (APPENDS * POINTS));
    if (round === 2) {
      const { bytes } = await outbox.status();
      print({
        metric: 'pipeline.outbox-bytes-per-reading',
        value: Number((bytes / (APPENDS * POINTS)).toFixed(2)),
        unit: 'B',
        subject: 'rackwatt',
      });
    }
    await outbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[1]!;
  print({ metric: 'pipeline.outbox-per-s', value: Math.round(median(rates)), unit: 'readings/s', subject: 'rackwatt' });
  print({
    metric: 'pipeline.outbox-cpu-ns',
    value: Math.round(median(costs)),
    unit: 'ns a reading, both threads',
    subject: 'rackwatt',
  });
}
