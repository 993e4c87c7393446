import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { WorkerStore } from '@rackwatt/store-sqlite';
import type { Sample, SchemaEntry, StoreBatch } from '@rackwatt/telemetry';
import { temporaryFolder } from '../support/temporary.js';

export const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');

export interface OpenOptions {
  folder?: string;
  maxBytes?: number;
  blockRows?: number;
  rawDays?: number;
}

export function optionsFor(folder: string, options: OpenOptions = {}) {
  return {
    sqlite,
    file: join(folder, 'store.db'),
    maxBytes: options.maxBytes ?? 0,
    blockRows: options.blockRows ?? 288,
    rawDays: options.rawDays ?? 90,
  };
}

/** A store in a folder of its own, closed after the test. */
export async function openStore(t: TestContext, options: OpenOptions = {}): Promise<WorkerStore> {
  const store = await WorkerStore.open(optionsFor(options.folder ?? temporaryFolder(t), options));
  t.after(() => store.close());
  return store;
}

/** A PDU with an inlet and outlets: points are power of the inlet, then of each outlet, then the state of outlet 1. */
export function entry(
  version: number,
  device: string,
  more: Partial<SchemaEntry> & { outlets?: number } = {},
): SchemaEntry {
  const { outlets = 2, ...given } = more;
  const watt = { metric: 'power.active', unit: 'W' } as const;
  return {
    version,
    device,
    identity: { vendor: 'APC', model: 'AP8641', serial: `S-${device}` },
    location: { site: 'FRA1', rack: 'R1' },
    parts: [
      { path: 'inlet/1' },
      ...Array.from({ length: outlets }, (_, i) => ({ path: `outlet/${i + 1}`, label: `web-${i + 1}` })),
    ],
    firstPoint: 0,
    points: [
      { part: 'inlet/1', ...watt },
      ...Array.from({ length: outlets }, (_, i) => ({ part: `outlet/${i + 1}`, ...watt })),
      { part: 'outlet/1', metric: 'state.outlet', unit: '1' },
    ],
    interval: 10_000,
    ...given,
  };
}

/** A sample of such a PDU. */
export function sample(
  device: string,
  number: number,
  time: number,
  values: number[],
  more: { first?: number; quality?: number; state?: number } = {},
): Sample {
  const count = values.length + 1;
  return {
    device,
    number,
    time,
    points: Uint32Array.from({ length: count }, (_, i) => (more.first ?? 0) + i),
    values: Float64Array.from([...values, Number.NaN]),
    quality: new Uint16Array(count).fill(more.quality ?? 0),
    states: Uint8Array.from({ length: count }, (_, i) => (i === count - 1 ? (more.state ?? 2) : 0)),
  };
}

export function batch(sequence: number, samples: Sample[], more: Partial<StoreBatch> = {}): StoreBatch {
  return { gateway: 'gw1', epoch: 'e1', class: 'live', sequence, samples, gaps: [], events: [], statuses: [], ...more };
}
