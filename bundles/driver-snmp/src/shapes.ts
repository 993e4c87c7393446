import { isDeepStrictEqual } from 'node:util';
import type { Layout, Shape } from './layout.js';

const SWEEP_FROM = 64;

/**
 * Keeps each shape once, however many devices have it: a hall of a few models holds a few plans instead of hundreds, and hands
 * as few to the next revision.
 */
export class Shapes {
  readonly #known = new Map<string, WeakRef<Shape>>();
  #sweepAt = SWEEP_FROM;

  /** Puts the layout onto the one copy of its shape. */
  share(layout: Layout): Layout {
    const { shape, description } = layout;
    const key = shape.oids.join();
    const known = this.#known.get(key)?.deref();
    if (known && isDeepStrictEqual(known, shape)) {
      layout.shape = known;
      description.points = known.points;
    } else {
      this.#known.set(key, new WeakRef(shape));
      this.#sweep();
    }
    return layout;
  }

  #sweep(): void {
    if (this.#known.size < this.#sweepAt) return;
    for (const [key, shape] of this.#known) if (shape.deref() === undefined) this.#known.delete(key);
    this.#sweepAt = Math.max(SWEEP_FROM, this.#known.size * 2);
  }
}
