import type { Outbox, PointDescription } from '@rackwatt/telemetry';

/** A point as others know it. */
export interface KnownPoint extends PointDescription {
  device: string;
}

/** What the numbers of points in batches stand for. The outbox only ever adds to it. */
export class Points {
  readonly #known = new Map<number, KnownPoint>();
  readonly #outbox: Pick<Outbox, 'schema'>;
  #version = 0;

  constructor(outbox: Pick<Outbox, 'schema'>) {
    this.#outbox = outbox;
  }

  /** Knows all points of a batch that needs this version. */
  async reach(version: number): Promise<void> {
    if (version <= this.#version) return;
    for (const { version: entry, device, firstPoint, points } of await this.#outbox.schema(this.#version)) {
      for (const [index, point] of points.entries()) this.#known.set(firstPoint + index, { device, ...point });
      this.#version = entry;
    }
  }

  get(number: number): KnownPoint | undefined {
    return this.#known.get(number);
  }
}
