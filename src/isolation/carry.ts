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

/** Steps into a map or a set, in words. */
const KEY = Symbol('a key of');
const MEMBER = Symbol('a value of');

type Step = string | number | typeof KEY | typeof MEMBER;

/** What the algorithm carries besides plain objects, arrays and errors. */
const CARRIED: ReadonlySet<unknown> = new Set(
  [Date, RegExp, Boolean, Number, String, BigInt].map(({ prototype }) => prototype as unknown),
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
  /** Where it is at the moment: the value, and the steps from there. */
  #place = '';
  readonly #path: Step[] = [];
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
    this.#place = place;
    this.#path.length = 0;
    try {
      return this.#deep(value);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#path.length = 0;
      throw this.#refusal('is nested too deeply');
    }
  }

  /** The error to give when a message could not be sent: what the algorithm itself refused is said in our words. */
  refused(error: unknown, place: string): unknown {
    if (error instanceof RackwattError) return error;
    const { title } = this.#crossing;
    const text = `${title}: ${place} cannot cross isolation: ${errorMessage(error)}`;
    return isolationError('CALL_UNCLONABLE', text, { call: title, path: place }, error);
  }

  #refusal(what: string): Error {
    const { title } = this.#crossing;
    const path = this.#path.reduce<string>((whole, step) => {
      if (step === KEY || step === MEMBER) return `${step.description} ${whole}`;
      return typeof step === 'number' ? `${whole}[${step}]` : `${whole}.${String(step)}`;
    }, this.#place);
    const text = `${title}: ${path} ${what}, which cannot cross isolation. Give plain data; functions only as arguments or as properties of an options object.`;
    return isolationError('CALL_UNCLONABLE', text, { call: title, path });
  }

  #inner(step: Step, value: unknown): unknown {
    this.#path.push(step);
    const carried = this.#deep(value);
    this.#path.pop();
    return carried;
  }

  #deep(value: unknown): unknown {
    if (isPrimitive(value)) return value;
    if (typeof value === 'function') throw this.#refusal('is a function inside data');
    if (typeof value === 'symbol') throw this.#refusal('is a symbol');
    const object = value as object;
    if (++this.#count > FEW) {
      this.#seen ??= new Set();
      if (this.#seen.has(object)) return object;
      this.#seen.add(object);
    }
    if (Array.isArray(object)) return this.#array(object);
    if (ArrayBuffer.isView(object)) return this.#view(object);
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === null || prototype === Object.prototype) return this.#plain(object as Record<string, unknown>);
    if (CARRIED.has(prototype)) return object;
    if (prototype === ArrayBuffer.prototype) return this.#buffer(object as ArrayBuffer);
    if (prototype === SharedArrayBuffer.prototype) return this.#shared(object);
    if (types.isMap(object)) return this.#map(object);
    if (types.isSet(object)) return this.#set(object);
    if (types.isNativeError(object)) return object;
    if (isPlainElsewhere(prototype)) return this.#plain(object as Record<string, unknown>);
    throw this.#refusal(`is ${instanceName(object)}`);
  }

  #array(array: unknown[]): unknown[] {
    let copy: unknown[] | undefined;
    for (let i = 0; i < array.length; i++) {
      const value = array[i];
      if (isPrimitive(value)) continue;
      const carried = this.#inner(i, value);
      if (carried !== value) (copy ??= array.slice())[i] = carried;
    }
    return copy ?? array;
  }

  #plain(object: Record<string, unknown>): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (isPrimitive(value)) continue;
      const carried = this.#inner(key, value);
      if (carried !== value) (copy ??= { ...object })[key] = carried;
    }
    return copy ?? object;
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    let changed = false;
    const entries = Array.from(map, ([key, value]): [unknown, unknown] => {
      const entry: [unknown, unknown] = [this.#inner(KEY, key), this.#inner(MEMBER, value)];
      changed ||= entry[0] !== key || entry[1] !== value;
      return entry;
    });
    return changed ? new Map(entries) : map;
  }

  #set(set: Set<unknown>): Set<unknown> {
    let changed = false;
    const values = Array.from(set, (value) => {
      const carried = this.#inner(MEMBER, value);
      changed ||= carried !== value;
      return carried;
    });
    return changed ? new Set(values) : set;
  }

  #shared<T>(memory: T): T {
    if (!this.#transfers) throw this.#refusal('is shared memory');
    return memory;
  }

  #buffer(buffer: ArrayBuffer): ArrayBuffer {
    if (buffer.detached) throw this.#refusal('is a buffer that was handed over before');
    if (this.#crossing.moves && this.#transfers) this.#transfer.add(buffer);
    return buffer;
  }

  #view(view: ArrayBufferView): ArrayBufferView {
    const { buffer, byteOffset, byteLength } = view;
    if (!(buffer instanceof ArrayBuffer)) return this.#shared(view);
    if (buffer.detached || byteLength === buffer.byteLength) {
      this.#buffer(buffer);
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
const viewName = (view: ArrayBufferView): string => (view as NodeJS.ArrayBufferView)[Symbol.toStringTag];

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
