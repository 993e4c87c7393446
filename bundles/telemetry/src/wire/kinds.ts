import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { wireInvalid } from './errors.js';
import type { Codec, Kind } from './message.js';

/** Largest time of ECMAScript, ms. */
const LAST_TIME = 8.64e15;

/** Text of 1 to `most` characters, given as it is: ids and paths. */
export function id(most: number, pattern?: RegExp): Kind<string> {
  const check = (value: string): string => {
    if (typeof value !== 'string' || value === '' || value.length > most)
      throw wireInvalid(`an id is empty or over ${most} characters`);
    if (pattern && !pattern.test(value))
      throw wireInvalid(`the id ${JSON.stringify(value.slice(0, 80))} has characters that it must not have`);
    return value;
  };
  return {
    wire: WireType.LengthDelimited,
    write: (writer, value) => writer.string(check(value)),
    read: (reader) => check(reader.string(true)),
  };
}

/** Text for people of at most `most` characters: the encoder cuts what is longer. */
export function text(most: number): Kind<string> {
  return {
    wire: WireType.LengthDelimited,
    write: (writer, value) =>
      writer.string(value.length > most ? value.slice(0, most).toWellFormed() : value.toWellFormed()),
    read(reader) {
      const value = reader.string(true);
      if (value.length > most) throw wireInvalid(`a text is over ${most} characters`);
      return value;
    },
  };
}

/** Bytes of at most `most`; what is read is a view of the message. */
export function bytes(most: number): Kind<Uint8Array> {
  const check = (value: Uint8Array): Uint8Array => {
    if (value.length > most) throw wireInvalid(`a body has ${value.length} bytes, at most ${most} go`);
    return value;
  };
  return {
    wire: WireType.LengthDelimited,
    write: (writer, value) => writer.bytes(check(value)),
    read: (reader) => check(reader.bytes()),
  };
}

function safe(value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw wireInvalid(`the number ${value} is not within ${least} and ${most}`);
  return value;
}

/** Whole number from `least` to `most`, at most 2^53 - 1. */
export function whole(least = 0, most = Number.MAX_SAFE_INTEGER): Kind<number> {
  return {
    wire: WireType.Varint,
    write: (writer, value) =>
      safe(value, least, most) <= 0xffffffff ? writer.uint32(value) : writer.uint64(BigInt(value)),
    read: (reader) => safe(Number(reader.uint64()), least, most),
  };
}

/** Unsigned 64 bits. */
export const counter: Kind<bigint> = {
  wire: WireType.Varint,
  write: (writer, value) => writer.uint64(value),
  read: (reader) => BigInt(reader.uint64()),
};

export const flag: Kind<boolean> = {
  wire: WireType.Varint,
  write: (writer, value) => writer.bool(value),
  read: (reader) => reader.bool(),
};

/** A finite double. */
export const number: Kind<number> = {
  wire: WireType.Bit64,
  write(writer, value) {
    if (!Number.isFinite(value)) throw wireInvalid(`${value} is no finite number`);
    writer.double(value);
  },
  read(reader) {
    const value = reader.double();
    if (!Number.isFinite(value)) throw wireInvalid('a number is not finite');
    return value;
  },
};

/** Wall time in ms since 1970, with a fraction. */
export const time: Kind<number> = {
  wire: WireType.Bit64,
  write(writer, value) {
    if (!(Math.abs(value) <= LAST_TIME)) throw wireInvalid(`${value} is no time`);
    writer.double(value);
  },
  read(reader) {
    const value = reader.double();
    if (!(Math.abs(value) <= LAST_TIME)) throw wireInvalid('a time is out of range');
    return value;
  },
};

/** A word of a list whose places are fixed; a place that this version does not know reads as `otherwise`, or is refused. */
export function word<const W extends string>(words: readonly W[], otherwise?: W): Kind<W> {
  return {
    wire: WireType.Varint,
    write(writer, value) {
      const place = words.indexOf(value);
      if (place < 0) throw wireInvalid(`${JSON.stringify(value)} is none of ${words.join(', ')}`);
      writer.uint32(place + 1);
    },
    read(reader) {
      const value = words[reader.uint32() - 1] ?? otherwise;
      if (value === undefined) throw wireInvalid(`a word is none of ${words.join(', ')}`);
      return value;
    },
  };
}

/** A plain object as JSON text of at most `most` characters. */
export function json(most: number): Kind<Record<string, unknown>> {
  return {
    wire: WireType.LengthDelimited,
    write(writer, value) {
      const written = JSON.stringify(value);
      if (written.length > most)
        throw wireInvalid(`the data of an event has ${written.length} characters, at most ${most} go`);
      writer.string(written.toWellFormed());
    },
    read(reader) {
      const written = reader.string(true);
      if (written.length > most) throw wireInvalid(`the data of an event is over ${most} characters`);
      const value: unknown = JSON.parse(written);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        throw wireInvalid('the data of an event is no object');
      return value as Record<string, unknown>;
    },
  };
}

/** A message inside a message. */
export function nested<T>(codec: Codec<T>): Kind<T> {
  return {
    wire: WireType.LengthDelimited,
    write(writer, value) {
      codec.write(writer.fork(), value);
      writer.join();
    },
    read: (reader) => codec.read(new BinaryReader(reader.bytes())),
  };
}
