import { fits, textMatching, type Wanted } from '../profile/text.js';
import type { Codec } from './codec.js';
import type { Quantity } from './quantity.js';

/** A measured value as one object, or one item of a list, tells it. */
export interface Measured {
  quantity: Quantity;
  codec: Codec;
  /** Of the unit of a chain with this place, from 0. */
  unit: number;
}

/** What an object of a generated device holds. */
export type Cell =
  /** Refused are raw values that would mean something else. */
  | (Measured & { kind: 'measured'; refused: ReadonlySet<string> })
  | { kind: 'list'; separator: string; items: readonly (Measured | undefined)[] }
  /** A value that stands still: the first of `choices` when they are given, else whatever is not refused and fits. */
  | { kind: 'fact'; choices?: readonly string[]; refused: ReadonlySet<string>; wanted: readonly Wanted[] }
  /** BITS, from the highest of the first octet. */
  | { kind: 'bits'; bits: ReadonlySet<number> }
  /** A text of the device itself, by its name, within what a pattern leaves free. */
  | { kind: 'text'; name: string; pattern?: string };

/** What a row asks of an object. */
export type Demand = { oid: string } & (
  | { kind: 'measured'; measured: Measured; refused?: readonly string[] }
  | { kind: 'item'; measured: Measured; separator: string; item: number }
  | { kind: 'fact'; choices?: readonly string[]; refused?: readonly string[]; wanted?: readonly Wanted[] }
  | { kind: 'bit'; bit: number }
  | { kind: 'text'; name: string; pattern?: string }
);

/** Values of objects of which only is known what they must not be. */
const PLAIN = ['1', '2', '0', '3', '4', '5', '6', '7', '8', '9'];

/** What a fact may be, the best first. */
export function candidatesOf({ choices, refused, wanted }: Extract<Cell, { kind: 'fact' }>): readonly string[] {
  const text = wanted.length > 0 && choices === undefined ? textMatching(wanted) : undefined;
  const all = choices ?? (wanted.length > 0 ? (text === undefined ? [] : [text]) : PLAIN);
  return all.filter((choice) => !refused.has(choice) && wanted.every((each) => fits(choice, each)));
}

/** The objects of a device while its rows are laid out. */
export class Cells {
  readonly #cells = new Map<string, Cell>();

  get size(): number {
    return this.#cells.size;
  }

  entries(): IterableIterator<[string, Cell]> {
    return this.#cells.entries();
  }

  get(oid: string): Cell | undefined {
    return this.#cells.get(oid);
  }

  /** Text of an object that stands still; undefined of others. */
  fact(oid: string): string | undefined {
    const cell = this.#cells.get(oid);
    return cell?.kind === 'fact' ? candidatesOf(cell)[0] : undefined;
  }

  delete(oid: string): void {
    this.#cells.delete(oid);
  }

  /** Takes all demands, or none where one does not agree with what is there. */
  take(demands: readonly Demand[]): boolean {
    const draft = new Map<string, Cell>();
    for (const demand of demands) {
      const merged = merge(draft.get(demand.oid) ?? this.#cells.get(demand.oid), demand);
      if (!merged) return false;
      draft.set(demand.oid, merged);
    }
    for (const [oid, cell] of draft) this.#cells.set(oid, cell);
    return true;
  }

  /** Gives up the value that a fact has for the next that it may have; false when there is none. */
  next(oid: string): boolean {
    const cell = this.#cells.get(oid);
    if (cell?.kind !== 'fact' || cell.choices === undefined) return false;
    const [, ...others] = candidatesOf(cell);
    if (others.length === 0) return false;
    this.#cells.set(oid, { ...cell, choices: others });
    return true;
  }
}

function merge(cell: Cell | undefined, demand: Demand): Cell | undefined {
  switch (demand.kind) {
    case 'measured':
      return mergeMeasured(cell, demand.measured, demand.refused ?? []);
    case 'item':
      return mergeItem(cell, demand);
    case 'fact':
      return mergeFact(cell, demand);
    case 'bit':
      if (cell !== undefined && cell.kind !== 'bits') return undefined;
      return { kind: 'bits', bits: new Set([...(cell?.bits ?? []), demand.bit]) };
    case 'text':
      if (cell === undefined)
        return { kind: 'text', name: demand.name, ...(demand.pattern ? { pattern: demand.pattern } : {}) };
      return cell.kind === 'text' && cell.name === demand.name && cell.pattern === demand.pattern ? cell : undefined;
  }
}

const isAlike = (a: Measured, b: Measured): boolean =>
  a.quantity.key === b.quantity.key && a.codec.signature === b.codec.signature && a.unit === b.unit;

/** Whether an object of one state that never changes tells another one as well, by words of its own. */
export function tellsToo({ quantity, codec }: Measured, other: Measured): boolean {
  if (!quantity.words || !other.quantity.words || !other.codec.states) return false;
  const { raw } = codec.encode(quantity.words, new Set());
  const { raw: best, value } = other.codec.encode(other.quantity.words, new Set());
  return raw === best || other.codec.states[String(raw)] === value;
}

function mergeMeasured(cell: Cell | undefined, measured: Measured, refused: readonly string[]): Cell | undefined {
  if (cell?.kind === 'measured' && isAlike(cell, measured))
    return { ...cell, refused: new Set([...cell.refused, ...refused]) };
  if (cell?.kind === 'measured' && cell.unit === measured.unit && tellsToo(cell, measured)) return cell;
  if (cell === undefined) return { kind: 'measured', ...measured, refused: new Set(refused) };
  if (cell.kind !== 'fact' || cell.choices !== undefined || cell.wanted.length > 0) return undefined;
  return { kind: 'measured', ...measured, refused: new Set([...cell.refused, ...refused]) };
}

function mergeItem(cell: Cell | undefined, demand: Extract<Demand, { kind: 'item' }>): Cell | undefined {
  const { separator, item, measured } = demand;
  if (cell !== undefined && (cell.kind !== 'list' || cell.separator !== separator)) return undefined;
  const items = [...(cell?.items ?? [])];
  const there = items[item - 1];
  if (there && !isAlike(there, measured)) return undefined;
  items[item - 1] = measured;
  return { kind: 'list', separator, items };
}

function mergeFact(cell: Cell | undefined, demand: Extract<Demand, { kind: 'fact' }>): Cell | undefined {
  const { choices, refused = [], wanted = [] } = demand;
  if (cell?.kind === 'measured' && choices === undefined && wanted.length === 0)
    return { ...cell, refused: new Set([...cell.refused, ...refused]) };
  if (cell !== undefined && cell.kind !== 'fact') return undefined;
  const narrowed =
    cell?.choices && choices ? cell.choices.filter((choice) => choices.includes(choice)) : (cell?.choices ?? choices);
  const merged: Extract<Cell, { kind: 'fact' }> = {
    kind: 'fact',
    ...(narrowed ? { choices: narrowed } : {}),
    refused: new Set([...(cell?.refused ?? []), ...refused]),
    wanted: [...(cell?.wanted ?? []), ...wanted.filter((each) => !cell?.wanted.some((other) => isSame(each, other)))],
  };
  return candidatesOf(merged).length > 0 ? merged : undefined;
}

const isSame = (a: Wanted, b: Wanted): boolean => JSON.stringify(a) === JSON.stringify(b);
