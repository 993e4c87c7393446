import type { LatestValue } from '@rackwatt/telemetry';

/**
 * Points that changed since each reader last asked: a slow reader gets fewer and newer values, and costs one mark a
 * point at most.
 */
export class Changes {
  readonly #readers = new Map<number, Set<number>>();
  readonly #latest: (point: number) => LatestValue | undefined;
  #listener: () => void = () => undefined;

  constructor(latest: (point: number) => LatestValue | undefined) {
    this.#latest = latest;
  }

  /** Told after every change while there are readers. */
  onTouched(listener: () => void): void {
    this.#listener = listener;
  }

  open(reader: number): void {
    this.#readers.set(reader, new Set());
  }

  close(reader: number): void {
    this.#readers.delete(reader);
  }

  touched(points: Uint32Array): void {
    if (this.#readers.size === 0) return;
    for (const marks of this.#readers.values()) for (const point of points) marks.add(point);
    this.#listener();
  }

  /** Newest values of what changed since the last call; empty when nothing did. */
  take(reader: number): LatestValue[] {
    const marks = this.#readers.get(reader);
    if (!marks || marks.size === 0) return [];
    this.#readers.set(reader, new Set());
    return Array.from(marks, this.#latest).filter((value) => value !== undefined);
  }
}
