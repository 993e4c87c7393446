import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import type { Sample } from '@rackwatt/telemetry';
import type { BatchBody } from '@rackwatt/telemetry/wire';

const require = createRequire(import.meta.url);

/** Golden vectors that every implementation of the wire must pass. */
export const vectorsFolder = join(dirname(require.resolve('@rackwatt/telemetry/package.json')), 'vectors');

export interface VectorFile {
  about: string;
  vectors: { name: string; [key: string]: unknown }[];
}

export function vectorFiles(): string[] {
  return readdirSync(vectorsFolder).filter((name) => name.endsWith('.json'));
}

export function vectors(file: string): VectorFile['vectors'] {
  return (JSON.parse(readFileSync(join(vectorsFolder, file), 'utf8')) as VectorFile).vectors;
}

export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

type PlainSample = Omit<Sample, 'points' | 'values' | 'quality' | 'states'> & {
  points: number[];
  values: (number | null)[];
  quality: number[];
  states: number[];
};

/** JSON has neither typed arrays, NaN, -0 nor bigint: lists, null, "-0" and decimal strings stand for them. */
export type PlainBody = Omit<BatchBody, 'samples' | 'anchor'> & {
  samples: PlainSample[];
  anchor?: { boot: string; monotonic: string; wall: number };
};

export function toPlain({ anchor, ...body }: BatchBody): PlainBody {
  return {
    ...(anchor ? { anchor: { ...anchor, monotonic: String(anchor.monotonic) } } : {}),
    ...body,
    samples: body.samples.map((sample) => ({
      ...sample,
      points: [...sample.points],
      values: Array.from(sample.values, (value) => (Number.isNaN(value) ? null : value)),
      quality: [...sample.quality],
      states: [...sample.states],
    })),
  };
}

export function fromPlain({ anchor, ...body }: PlainBody): BatchBody {
  return {
    ...(anchor ? { anchor: { ...anchor, monotonic: BigInt(anchor.monotonic) } } : {}),
    ...body,
    samples: body.samples.map((sample) => ({
      ...sample,
      points: Uint32Array.from(sample.points),
      values: Float64Array.from(sample.values, (value) => value ?? Number.NaN),
      quality: Uint16Array.from(sample.quality),
      states: Uint8Array.from(sample.states),
    })),
  };
}
