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

/**
 * An OID in which some arcs are names: `1.3.6.5.4.3.1.4.{unit}.{outlet}.1`.
 * `column` is the part before the first name (before the last arc when there is none): what has to be walked.
 */
export class OidPattern {
  readonly column: string;
  readonly #arcs: readonly string[];

  constructor(text: string) {
    const arcs = text.split('.');
    const first = arcs.findIndex((arc) => arc.startsWith('{'));
    const at = first === -1 ? arcs.length - 1 : first;
    this.column = arcs.slice(0, at).join('.');
    this.#arcs = arcs.slice(at);
  }

  /** Names and their arcs when `oid`, which lies under `column`, is an instance of this pattern. */
  match(oid: string): Record<string, number> | undefined {
    const rest = oid.slice(this.column.length + 1).split('.');
    if (rest.length !== this.#arcs.length) return undefined;
    const bindings: Record<string, number> = {};
    for (let i = 0; i < rest.length; i++) {
      const arc = this.#arcs[i]!;
      if (arc.startsWith('{')) bindings[arc.slice(1, -1)] = Number(rest[i]);
      else if (arc !== rest[i]) return undefined;
    }
    return bindings;
  }

  /** The instance for these names; undefined when one is missing. */
  fill(bindings: Readonly<Record<string, number>>): string | undefined {
    let oid = this.column;
    for (const arc of this.#arcs) {
      if (arc.startsWith('{')) {
        const value = bindings[arc.slice(1, -1)];
        if (value === undefined) return undefined;
        oid += `.${value}`;
      } else {
        oid += `.${arc}`;
      }
    }
    return oid;
  }
}
