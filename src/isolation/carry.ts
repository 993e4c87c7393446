import { types } from 'node:util';
import { errorMessage, RackwattError } from '../errors.js';
import { isolationError } from './errors.js';

/** How values of one call cross. */
export interface Crossing {
  /** Names the call in errors, such as `rackwatt.telemetry/Driver@1.read`. */
  readonly title: string;
  /** Buffers in its arguments, results and items are handed over: they move where they can. */
  readonly moves: boolean;
}

/** From so many objects on, those that were seen are remembered: data may be circular, or share most of its parts. */
const FEW = 512;
/** Plain data of so few objects, each of so few entries, is copied here and waits for the others of its turn. */
const FEW_OBJECTS = 8;
const SMALL = 32;
const LARGE = Symbol('large');

/** What the algorithm carries besides plain objects, arrays and errors. */
const CARRIED: ReadonlySet<unknown> = new Set(
  [Date, RegExp, Boolean, Number, String, BigInt, ArrayBuffer].map(({ prototype }) => prototype as unknown),
);

/**
 * Makes the values of one message fit to cross: refuses what the algorithm would drop or strip, copies views of a part
 * of a buffer (the algorithm copies the whole of it), gathers the buffers that move.
 */
export class Carrier {
  readonly #crossing: Crossing;
  readonly #transfers: boolean;
  readonly #transfer = new Set<ArrayBuffer>();
  #count = 0;
  #seen: Set<object> | undefined;
  /** Whether every value was copied here, so that it may wait: nobody can change what is in the message any more. */
  flat = true;

  constructor(crossing: Crossing, transfers: boolean) {
    this.#crossing = crossing;
    this.#transfers = transfers;
  }

  /** Buffers to move. */
  get transfer(): ArrayBuffer[] | undefined {
    return this.#transfer.size > 0 ? [...this.#transfer] : undefined;
  }

  /**
   * @param place where the value stands, such as `argument 1`
   * @returns the value to send: itself, or a copy where something in it had to be changed
   * @throws CALL_UNCLONABLE
   */
  carry(value: unknown, place: string): unknown {
    if (isPrimitive(value)) return value;
    const copy = copyOfSmall(value, []);
    if (copy !== LARGE) return copy;
    this.flat = false;
    try {
      return this.#deep(value, place);
    } catch (error) {
      if (error instanceof RangeError) throw this.refusal(place, 'is nested too deeply');
      throw error;
    }
  }

  refusal(place: string, what: string): Error {
    const { title } = this.#crossing;
    const text = `${title}: ${place} ${what}, which cannot cross isolation. Give plain data; functions only as arguments or as properties of an options object.`;
    return isolationError('CALL_UNCLONABLE', text, { call: title, path: place });
  }

  /** The error to give when a message could not be sent: what the algorithm itself refused is said in our words. */
  refused(error: unknown, place: string): unknown {
    if (error instanceof RackwattError) return error;
    const { title } = this.#crossing;
    const text = `${title}: ${place} cannot cross isolation: ${errorMessage(error)}`;
    return isolationError('CALL_UNCLONABLE', text, { call: title, path: place }, error);
  }

  #deep(value: unknown, place: string): unknown {
    if (isPrimitive(value)) return value;
    if (typeof value === 'function') throw this.refusal(place, 'is a function inside data');
    if (typeof value === 'symbol') throw this.refusal(place, 'is a symbol');
    const object = value as object;
    if (++this.#count > FEW) {
      this.#seen ??= new Set();
      if (this.#seen.has(object)) return object;
      this.#seen.add(object);
    }
    if (Array.isArray(object)) return this.#array(object, place);
    if (ArrayBuffer.isView(object)) return this.#view(object, place);
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === null || prototype === Object.prototype)
      return this.#plain(object as Record<string, unknown>, place);
    if (CARRIED.has(prototype)) return object;
    if (prototype === SharedArrayBuffer.prototype) return this.#shared(object, place);
    if (types.isMap(object)) return this.#map(object, place);
    if (types.isSet(object)) return this.#set(object, place);
    if (types.isNativeError(object)) return object;
    if (isPlainElsewhere(prototype)) return this.#plain(object as Record<string, unknown>, place);
    throw this.refusal(place, `is ${instanceName(object)}`);
  }

  #shared<T>(memory: T, place: string): T {
    if (!this.#transfers) throw this.refusal(place, 'is shared memory');
    return memory;
  }

  #array(array: unknown[], place: string): unknown[] {
    let copy: unknown[] | undefined;
    for (let i = 0; i < array.length; i++) {
      const value = array[i];
      if (isPrimitive(value)) continue;
      const carried = this.#deep(value, `${place}[${i}]`);
      if (carried !== value) (copy ??= array.slice())[i] = carried;
    }
    return copy ?? array;
  }

  #plain(object: Record<string, unknown>, place: string): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (isPrimitive(value)) continue;
      const carried = this.#deep(value, `${place}.${key}`);
      if (carried !== value) (copy ??= { ...object })[key] = carried;
    }
    return copy ?? object;
  }

  #map(map: Map<unknown, unknown>, place: string): Map<unknown, unknown> {
    let changed = false;
    const entries = Array.from(map, ([key, value]): [unknown, unknown] => {
      const entry: [unknown, unknown] = [
        this.#deep(key, `a key of ${place}`),
        this.#deep(value, `a value of ${place}`),
      ];
      changed ||= entry[0] !== key || entry[1] !== value;
      return entry;
    });
    return changed ? new Map(entries) : map;
  }

  #set(set: Set<unknown>, place: string): Set<unknown> {
    let changed = false;
    const values = Array.from(set, (value) => {
      const carried = this.#deep(value, `a value of ${place}`);
      changed ||= carried !== value;
      return carried;
    });
    return changed ? new Set(values) : set;
  }

  #view(view: ArrayBufferView, place: string): ArrayBufferView {
    const { buffer, byteOffset, byteLength } = view;
    if (!(buffer instanceof ArrayBuffer)) return this.#shared(view, place);
    if (buffer.detached) throw this.refusal(place, 'is a view of a buffer that was handed over before');
    const whole = byteLength === buffer.byteLength;
    if (whole && !this.#crossing.moves) return view;
    if (whole) {
      if (this.#transfers) this.#transfer.add(buffer);
      return view;
    }
    const copy = buffer.slice(byteOffset, byteOffset + byteLength);
    if (this.#transfers) this.#transfer.add(copy);
    return new VIEWS[viewName(view)]!(copy);
  }
}

const VIEWS: Readonly<Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
};

/** A `Buffer` is a `Uint8Array` over there. */
const viewName = (view: ArrayBufferView): string =>
  (view as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag];

/** Whether a value can be put into a message as it is, and nobody can change it. */
export function isPrimitive(value: unknown): boolean {
  if (value === null) return true;
  const type = typeof value;
  return type !== 'object' && type !== 'function' && type !== 'symbol';
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether the algorithm carries a value and loses nothing of it. */
export function cloneable(value: unknown): boolean {
  if (isPrimitive(value)) return true;
  try {
    new Carrier({ title: '', moves: false }, false).carry(value, '');
    return true;
  } catch {
    return false;
  }
}

/** A copy of plain data with few values; `LARGE` for anything else, and for what is circular or holds an object twice. */
function copyOfSmall(value: unknown, copied: object[]): unknown {
  if (isPrimitive(value)) return value;
  if (copied.length === FEW_OBJECTS || copied.includes(value as object)) return LARGE;
  const list = Array.isArray(value);
  if (!list && !isPlainObject(value)) return LARGE;
  copied.push(value as object);
  let count = 0;
  for (const _ in value as object) if (++count > SMALL) return LARGE;
  // An array with holes, or with properties of its own, is left to the algorithm.
  if (list && count !== value.length) return LARGE;
  const copy = (list ? value.slice() : { ...(value as object) }) as Record<string, unknown>;
  for (const key in copy) {
    const each = copy[key];
    if (isPrimitive(each)) continue;
    const inner = copyOfSmall(each, copied);
    if (inner === LARGE) return LARGE;
    copy[key] = inner;
  }
  return copy;
}

/** A plain object made by code of another V8 context. */
function isPlainElsewhere(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

function instanceName(object: object): string {
  const name: unknown = object.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class';
}
