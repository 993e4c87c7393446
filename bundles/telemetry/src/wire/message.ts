import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { RackwattError } from 'rackwatt';
import { wireInvalid } from './errors.js';

/** How one value is written in protobuf's encoding. */
export interface Kind<V> {
  readonly wire: WireType;
  write(writer: BinaryWriter, value: V): void;
  read(reader: BinaryReader): V;
}

interface Field<V> {
  readonly number: number;
  readonly presence: 'required' | 'optional' | 'repeated';
  /** Most elements of a repeated field. */
  readonly most: number;
  readonly kind: Kind<unknown>;
  readonly value?: V;
}

/** One field for each property; the property's order is the order on the wire. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

export interface Codec<T> {
  write(writer: BinaryWriter, value: T): void;
  read(reader: BinaryReader): T;
  encode(value: T): Uint8Array<ArrayBuffer>;
  decode(bytes: Uint8Array): T;
}

/** A field that every message has. */
export function field<V>(number: number, kind: Kind<V>): Field<V> {
  return { number, presence: 'required', most: 1, kind: kind as Kind<unknown> };
}

/** A field that may be absent. */
export function option<V>(number: number, kind: Kind<V>): Field<V> {
  return { number, presence: 'optional', most: 1, kind: kind as Kind<unknown> };
}

/** A repeated field; none is an empty list. */
export function list<V>(number: number, kind: Kind<V>, most: number): Field<V[]> {
  return { number, presence: 'repeated', most, kind: kind as Kind<unknown> };
}

/**
 * Runs a codec: whatever protobuf's reader throws at bytes that are no message, and its writer at values that are none,
 * becomes `WIRE_INVALID`.
 */
export function guarded<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RackwattError) throw error;
    throw wireInvalid(`${what} (${error instanceof Error ? error.message : String(error)})`, error);
  }
}

/** Skips a field that this version does not know. Groups, which protobuf 3 never writes, are refused. */
function skipUnknown(reader: BinaryReader, wire: WireType): void {
  if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw wireInvalid('it has a group');
  reader.skip(wire);
}

/** A message of protobuf as a table of its fields. Unknown fields are skipped; of a field that comes twice the last counts. */
export function message<T extends object>(name: string, fields: Fields<T>): Codec<T> {
  const entries = Object.entries(fields) as [string, Field<unknown>][];
  const byNumber = new Map(entries.map(([key, entry]) => [entry.number, { key, entry }]));

  function write(writer: BinaryWriter, value: T): void {
    for (const [key, { number, presence, kind, most }] of entries) {
      const given = (value as Record<string, unknown>)[key];
      if (given === undefined) {
        if (presence === 'required') throw wireInvalid(`${name}.${key} is missing`);
        continue;
      }
      const values = presence === 'repeated' ? (given as unknown[]) : [given];
      if (values.length > most) throw wireInvalid(`${name}.${key} has ${values.length} elements, at most ${most} go`);
      for (const one of values) kind.write(writer.tag(number, kind.wire), one);
    }
  }

  function read(reader: BinaryReader): T {
    const value: Record<string, unknown> = {};
    for (const [key, { presence }] of entries) if (presence === 'repeated') value[key] = [];
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const known = byNumber.get(number);
      if (!known) {
        skipUnknown(reader, wire);
        continue;
      }
      const { key, entry } = known;
      if (wire !== entry.kind.wire)
        throw wireInvalid(`${name}.${key} has wire type ${wire} instead of ${entry.kind.wire}`);
      const one = entry.kind.read(reader);
      if (entry.presence !== 'repeated') value[key] = one;
      else if ((value[key] as unknown[]).push(one) > entry.most)
        throw wireInvalid(`${name}.${key} has more than ${entry.most} elements`);
    }
    for (const [key, { presence }] of entries) {
      if (presence === 'required' && value[key] === undefined) throw wireInvalid(`${name}.${key} is missing`);
    }
    return value as T;
  }

  return {
    write,
    read,
    encode: (value) =>
      guarded(`${name} cannot be encoded`, () => {
        const writer = new BinaryWriter();
        write(writer, value);
        return writer.finish();
      }),
    decode: (bytes) => guarded(`${name} cannot be decoded`, () => read(new BinaryReader(bytes))),
  };
}
