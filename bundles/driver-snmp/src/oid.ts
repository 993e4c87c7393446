/** Compares two numeric OIDs arc by arc: negative, 0 or positive. */
export function compareOids(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.split('.');
  const right = b.split('.');
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = Number(left[i]) - Number(right[i]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Whether `oid` lies under `prefix`: whole arcs, so that 1.3.4 does not hold 1.3.40. */
export function isUnder(oid: string, prefix: string): boolean {
  return oid.length > prefix.length && oid.charCodeAt(prefix.length) === 46 && oid.startsWith(prefix);
}

/** Headers of a varbind and its parts, and a value of 32 bits. */
const VARBIND_BYTES = 10;

/** Bytes of a varbind with this OID and a number in BER. */
export function varbindBytes(oid: string): number {
  const arcs = oid.split('.');
  // The first two arcs share a byte.
  return arcs.reduce((bytes, arc) => bytes + arcBytes(Number(arc)), VARBIND_BYTES - 1);
}

function arcBytes(arc: number): number {
  if (arc < 2 ** 7) return 1;
  if (arc < 2 ** 14) return 2;
  if (arc < 2 ** 21) return 3;
  return arc < 2 ** 28 ? 4 : 5;
}

/** Arcs by name; several of `{name*}` as they stand in the OID: `12.48.48`. */
export type Bindings = Record<string, number | string>;

const NAMED = /^\{([a-z]+)(\*|[+-]\d+)?\}$/;

interface NamedArc {
  name: string;
  /** `*`: one or more arcs. */
  many: boolean;
  /** Added to what the name stands for. */
  plus: number;
}

/**
 * An OID in which some arcs are names: `1.3.6.5.4.3.1.4.{unit}.{outlet}.1`; `{name*}` is one or more arcs, `{name+1}` the arc
 * one higher than what the name stands for. `column` is the part before the first name (before the last arc when there is
 * none): what has to be walked.
 */
export class OidPattern {
  readonly column: string;
  readonly #arcs: readonly (string | NamedArc)[];
  /** Place of the arc that takes several; -1 when none does. */
  readonly #many: number;

  constructor(text: string) {
    const arcs = text.split('.');
    const first = arcs.findIndex((arc) => arc.startsWith('{'));
    const at = first === -1 ? arcs.length - 1 : first;
    this.column = arcs.slice(0, at).join('.');
    this.#arcs = arcs.slice(at).map(parseArc);
    this.#many = this.#arcs.findIndex((arc) => typeof arc === 'object' && arc.many);
  }

  /** Names and their arcs when `oid`, which lies under `column`, is an instance of this pattern. */
  match(oid: string): Bindings | undefined {
    const rest = oid.slice(this.column.length + 1).split('.');
    const spare = rest.length - this.#arcs.length;
    if (spare < 0 || (spare > 0 && this.#many === -1)) return undefined;
    const bindings: Bindings = {};
    let at = 0;
    for (const arc of this.#arcs) {
      if (typeof arc === 'string') {
        if (arc !== rest[at++]) return undefined;
      } else if (arc.many) {
        bindings[arc.name] = rest.slice(at, at + spare + 1).join('.');
        at += spare + 1;
      } else {
        bindings[arc.name] = Number(rest[at++]) - arc.plus;
      }
    }
    return bindings;
  }

  /** The instance for these names; undefined when one is missing. */
  fill(bindings: Readonly<Bindings>): string | undefined {
    let oid = this.column;
    for (const arc of this.#arcs) {
      if (typeof arc === 'string') {
        oid += `.${arc}`;
        continue;
      }
      const value = bindings[arc.name];
      if (value === undefined) return undefined;
      oid += `.${arc.plus === 0 ? value : Number(value) + arc.plus}`;
    }
    return oid;
  }
}

function parseArc(arc: string): string | NamedArc {
  const named = NAMED.exec(arc);
  if (!named) return arc;
  const many = named[2] === '*';
  return { name: named[1]!, many, plus: many || named[2] === undefined ? 0 : Number(named[2]) };
}
