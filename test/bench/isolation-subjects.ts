import { contract } from 'rackwatt';

export type IsolationSubject = 'rackwatt' | 'comlink' | 'birpc';

/** A read of a PDU with 223 points. */
export interface Columns {
  points: Uint32Array;
  values: Float64Array;
  quality: Uint16Array;
  states: Uint8Array;
}

export interface Bench {
  add(a: number, b: number): Promise<number>;
  echo(value: unknown): Promise<unknown>;
  copied(sample: Columns): Promise<number>;
  transferred(sample: Columns): Promise<number>;
}

export const Bench = contract<Bench>('bench/Bench', {
  major: 1,
  methods: ['add', 'echo', 'copied', 'transferred'],
  transfers: ['transferred'],
});

export const service: Bench = {
  add: (a, b) => Promise.resolve(a + b),
  echo: (value) => Promise.resolve(value),
  copied: ({ values }) => Promise.resolve(values.length),
  transferred: ({ values }) => Promise.resolve(values.length),
};

export const loadIsolation = async () =>
  (await import(
    new URL('../../../src/dist/isolation/index.js', import.meta.url).href
  )) as typeof import('../../src/isolation/index.js');

type Guard = typeof import('../../src/registry/guard.js').Guard;

export const loadGuard = async (): Promise<(...of: ConstructorParameters<Guard>) => InstanceType<Guard>> => {
  const file = new URL('../../../src/dist/registry/guard.js', import.meta.url).href;
  const { Guard } = (await import(file)) as { Guard: Guard };
  return (...of) => new Guard(...of);
};
