import { derivedSlots, type Shape, type Slot } from './layout.js';
import type { SnmpLink } from './link.js';
import { compareOids, varbindBytes } from './oid.js';
import type { Walk } from './walk.js';

/**
 * A request with everything that does not change from one read to the next. `-1` among slots: not wanted; `bytes`: of the
 * varbinds in its answer.
 */
export type PlannedRequest =
  | { kind: 'get'; oids: string[]; slots: Int32Array; bytes: number }
  /** `oids` are the objects before the first wanted ones; `expected[i]` and `slots[i]` belong to `oids[i]`. */
  | { kind: 'bulk'; oids: string[]; repetitions: number; expected: string[][]; slots: Int32Array[]; bytes: number };

export interface ReadPlan {
  requests: PlannedRequest[];
}

/** Wanted objects that follow each other in one column. */
interface Run {
  /** The object before the first. */
  before: string;
  oids: string[];
  slots: Slot[];
  bytes: number;
  /** Which piece of its column: what belongs together is asked together, and what changes rarely last. */
  piece: number;
}

/** Unwanted objects within a run that cost less than a new request. */
const WIDEST_GAP = 2;
/** Pieces of columns that change rarely count from here. */
const SLOW = 10_000;

/** The least requests that read a device's slots: GETBULK over runs of equal length side by side, GET for the rest. */
export function buildPlans(shape: Shape, walk: Walk, link: SnmpLink): Shape['plans'] {
  const derived = derivedSlots(shape);
  const everything = buildPlan(shape, walk, link, (slot) => !derived.has(slot));
  const hasSlow = shape.slow.includes(1);
  return {
    all: everything,
    fast: hasSlow ? buildPlan(shape, walk, link, (slot) => !derived.has(slot) && shape.slow[slot] === 0) : everything,
  };
}

function buildPlan(shape: Shape, walk: Walk, link: SnmpLink, wanted: (slot: Slot) => boolean): ReadPlan {
  const slots = new Map<string, Slot>();
  for (const [slot, oid] of shape.oids.entries()) if (wanted(slot)) slots.set(oid, slot);
  const limit = link.responseBytes;
  if (link.security.version === 1) return { requests: planGets([...slots], limit) };
  const byLength = Map.groupBy(runsOf(slots, walk, limit, shape.slow), (run) => run.oids.length);
  const bulks: [piece: number, request: PlannedRequest][] = [];
  const single: [string, Slot][] = [];
  for (const [length, runs] of byLength) {
    const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
    if (length < 2 || bytes * 2 < limit) {
      for (const run of runs) run.oids.forEach((oid, i) => run.slots[i] !== -1 && single.push([oid, run.slots[i]!]));
    } else {
      bulks.push(...planBulks(runs, length, limit));
    }
  }
  const ordered = bulks.toSorted(([a], [b]) => a - b).map(([, request]) => request);
  return { requests: [...planGets(single, limit), ...ordered] };
}

function runsOf(wanted: Map<string, Slot>, walk: Walk, limit: number, slow: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (const [column, instances] of walk.columns) {
    const places = instances.flatMap((oid, place) => (wanted.has(oid) ? [place] : []));
    let piece = 0;
    for (const [first, last] of stretches(places)) {
      const oids = instances.slice(first, last + 1);
      const bytes = oids.reduce((sum, oid) => sum + varbindBytes(oid), 0);
      // Pieces of one size, so that the last one is no request of its own for a handful of rows.
      const rows = Math.ceil(oids.length / Math.ceil(bytes / limit));
      for (let from = 0; from < oids.length; from += rows) {
        const some = oids.slice(from, from + rows);
        const slots = some.map((oid) => wanted.get(oid) ?? -1);
        runs.push({
          before: instances[first + from - 1] ?? column,
          oids: some,
          slots,
          bytes: some.reduce((sum, oid) => sum + varbindBytes(oid), 0),
          piece: slots.every((slot) => slot === -1 || slow[slot]) ? SLOW + piece++ : piece++,
        });
      }
    }
  }
  return runs.toSorted((a, b) => a.piece - b.piece || compareOids(a.before, b.before));
}

/** First and last of places that follow each other, but for narrow gaps. */
function stretches(places: number[]): [first: number, last: number][] {
  const found: [number, number][] = [];
  for (const place of places) {
    const last = found.at(-1);
    if (last && place - last[1] <= WIDEST_GAP + 1) last[1] = place;
    else found.push([place, place]);
  }
  return found;
}

function planBulks(runs: Run[], length: number, limit: number): [piece: number, request: PlannedRequest][] {
  const requests: [number, PlannedRequest][] = [];
  let some: Run[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (some.length === 0) return;
    const oids = some.map((run) => run.before);
    const expected = some.map((run) => run.oids);
    const slots = some.map((run) => Int32Array.from(run.slots));
    requests.push([some[0]!.piece, { kind: 'bulk', oids, repetitions: length, expected, slots, bytes }]);
    some = [];
    bytes = 0;
  };
  for (const run of runs) {
    if (bytes + run.bytes > limit) flush();
    some.push(run);
    bytes += run.bytes;
  }
  flush();
  return requests;
}

/** GETs of as many objects as a response holds. */
export function planGets(objects: Iterable<[string, Slot]>, limit: number): PlannedRequest[] {
  const requests: PlannedRequest[] = [];
  let oids: string[] = [];
  let slots: Slot[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (oids.length > 0) requests.push({ kind: 'get', oids, slots: Int32Array.from(slots), bytes });
    [oids, slots, bytes] = [[], [], 0];
  };
  for (const [oid, slot] of objects) {
    const more = varbindBytes(oid);
    if (bytes + more > limit) flush();
    oids.push(oid);
    slots.push(slot);
    bytes += more;
  }
  flush();
  return requests;
}
