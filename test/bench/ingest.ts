/** What a concentrator takes through a broker, and how soon it can be asked for. Three processes; a few seconds each. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Load } from './ingest-parts.js';

export interface Figure {
  metric: string;
  value: number;
  unit: string;
  subject: string;
}

const program = join(dirname(fileURLToPath(import.meta.url)), 'ingest-parts.js');
/** A gateway's second: four PDUs of 223 points. */
const BATCH = { samples: 4, points: 223 };
const READINGS = BATCH.samples * BATCH.points;

class Part {
  readonly #child: ChildProcess = fork(program);

  async ask<T>(message: object): Promise<T> {
    const answer = once(this.#child, 'message') as Promise<[{ value: T }]>;
    this.#child.send(message);
    return (await answer)[0].value;
  }

  async stop(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}

interface Outcome {
  perSecond: number;
  storedPerSecond: number;
  p99: number;
  /** Seconds of CPU for a million readings. */
  cpu: { broker: number; concentrator: number; generator: number };
}

async function run(load: Load, watch: boolean): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
  const [broker, concentrator, generator] = [new Part(), new Part(), new Part()];
  try {
    const port = await broker.ask<number>({ start: 'broker' });
    await concentrator.ask({ start: 'concentrator', port, folder, watch });
    await generator.ask({ start: 'generator', port, load });
    // Devices become known once, not while the load is measured.
    for (let devices = 0; devices < load.gateways * load.samples; )
      ({ devices } = await concentrator.ask<{ devices: number }>({ figures: true }));
    for (const part of [broker, concentrator]) await part.ask({ cpu: true });
    const began = performance.now();
    const { acknowledged, milliseconds, cpu } = await generator.ask<{
      acknowledged: number;
      milliseconds: number;
      cpu: number;
    }>({ figures: true });
    let figures = await concentrator.ask<{ readings: number; delays: number }>({ figures: true });
    while (figures.readings < acknowledged * READINGS) figures = await concentrator.ask({ figures: true });
    const stored = performance.now() - began;
    const millions = (acknowledged * READINGS) / 1e6;
    const [brokerCpu, concentratorCpu] = [
      await broker.ask<number>({ cpu: true }),
      await concentrator.ask<number>({ cpu: true }),
    ];
    return {
      perSecond: (acknowledged * READINGS * 1000) / milliseconds,
      storedPerSecond: (figures.readings * 1000) / stored,
      p99: figures.delays,
      cpu: {
        broker: brokerCpu / 1000 / millions,
        concentrator: concentratorCpu / 1000 / millions,
        generator: cpu / 1000 / millions,
      },
    };
  } finally {
    for (const part of [generator, concentrator, broker]) await part.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function ingestBench(print: (figure: Figure) => void): Promise<void> {
  const figure = (metric: string, value: number, unit: string, digits = 0): void =>
    print({ metric, value: Number(value.toFixed(digits)), unit, subject: 'rackwatt' });
  const fast = await run({ gateways: 168, ...BATCH, window: 4, rate: 0, milliseconds: 6000 }, false);
  figure('pipeline.ingest-per-s', fast.perSecond, 'readings/s');
  figure('pipeline.ingest-stored-per-s', fast.storedPerSecond, 'readings/s');
  for (const [part, seconds] of Object.entries(fast.cpu))
    figure(`pipeline.ingest-cpu-${part}`, seconds, 's per million readings', 2);
  const slow = await run({ gateways: 40, ...BATCH, window: 4, rate: 10_000 / READINGS, milliseconds: 8000 }, true);
  figure('pipeline.queryable-p99-ms', slow.p99, 'ms');
}
