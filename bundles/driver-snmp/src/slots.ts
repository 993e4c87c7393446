import { stateCode } from '@rackwatt/telemetry';
import type { Derivation } from './derive.js';
import type { Slot } from './layout.js';

/** Numbers that stand for a state's word lie above every raw number. */
const WORDS_FROM = 2 ** 40;
const IS_NUMBER = /^-?\d+$/;

/** Gives each object that a device's points need its slot. */
export class Slots {
  readonly oids: string[] = [];
  readonly derivations = new Map<Slot, Derivation[]>();
  readonly #byOid = new Map<string, Slot>();
  readonly #derived = new Set<Slot>();
  /** Slots that not only slow points and guards need. */
  readonly #fast = new Set<Slot>();

  /** The slot of an object that is asked for. */
  of(oid: string, slow: boolean): Slot {
    let slot = this.#byOid.get(oid);
    if (slot === undefined) {
      slot = this.oids.push(oid) - 1;
      this.#byOid.set(oid, slot);
    }
    if (!slow) this.#fast.add(slot);
    return slot;
  }

  /** A slot of its own for what is made from the object of another one. */
  derived(oid: string, asked: Slot, derivation: Omit<Derivation, 'slot'>): Slot {
    const slot = this.oids.push(oid) - 1;
    this.#derived.add(slot);
    const made = this.derivations.get(asked) ?? [];
    made.push({ slot, ...derivation });
    this.derivations.set(asked, made);
    return slot;
  }

  isDerived(slot: Slot): boolean {
    return this.#derived.has(slot);
  }

  /** 1 for each slot that changes rarely. */
  slow(): Uint8Array {
    return Uint8Array.from(this.oids.keys(), (slot) => (this.#fast.has(slot) ? 0 : 1));
  }

  /** Codes of states by raw number; words have numbers of their own. */
  codes(states: Readonly<Record<string, string>>): Map<number, number> {
    return new Map(
      Object.entries(states).map(([raw, word]) => {
        const code = stateCode(word);
        return [IS_NUMBER.test(raw) ? Number(raw) : WORDS_FROM + code, code];
      }),
    );
  }

  /** The numbers of states that the device tells as texts; undefined when it tells all as numbers. */
  words(states: Readonly<Record<string, string>>): Map<string, number> | undefined {
    const texts = Object.entries(states).filter(([raw]) => !IS_NUMBER.test(raw));
    if (texts.length === 0) return undefined;
    return new Map(texts.map(([raw, word]) => [raw, WORDS_FROM + stateCode(word)]));
  }
}
