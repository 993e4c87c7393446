import { type PointDescription, type Reading, type ScaleSuspicion, suspectedScales } from '@rackwatt/telemetry';

/** Scales do not change from read to read: after the first look at a layout every so many reads are enough. */
const LOOK_EVERY = 60;
/** A load that jumps while it is read looks wrong once; a wrong scale looks wrong each time. */
const LOOKS_TO_BELIEVE = 2;

/** Looks now and then whether the values of a device go together. */
export class ScaleWatch {
  #points: readonly PointDescription[] | undefined;
  #reads = 0;
  /** How many looks in a row a suspicion stood, by its key. */
  #stood = new Map<string, number>();
  #suspected: ScaleSuspicion[] = [];

  get suspected(): ScaleSuspicion[] {
    return this.#suspected;
  }

  /** @returns suspicions that are new since the last look */
  look(points: readonly PointDescription[], reading: Reading): ScaleSuspicion[] {
    if (points !== this.#points) {
      this.#points = points;
      this.#reads = 0;
    }
    // A suspicion is looked at again at once.
    const doubtful = [...this.#stood.values()].some((looks) => looks < LOOKS_TO_BELIEVE);
    if (!doubtful && this.#reads++ % LOOK_EVERY !== 0) return [];
    const known = new Set(this.#suspected.map(keyOf));
    const found = suspectedScales(points, reading);
    this.#stood = new Map(found.map((each) => [keyOf(each), (this.#stood.get(keyOf(each)) ?? 0) + 1]));
    this.#suspected = found.filter((each) => this.#stood.get(keyOf(each))! >= LOOKS_TO_BELIEVE);
    return this.#suspected.filter((each) => !known.has(keyOf(each)));
  }
}

const keyOf = ({ level, metric, factor }: ScaleSuspicion): string => `${level} ${metric} ${factor.toPrecision(3)}`;
