import type { Contract } from './contract.js';

/** Where the calls of a stub go: to a service in this process, or over a wire. */
export interface StubTarget {
  call(method: string, args: unknown[]): Promise<unknown>;
  stream(method: string, args: unknown[]): AsyncIterable<unknown>;
}

type StubClass = new (target: StubTarget) => object;

const classes = new WeakMap<Contract<unknown>, StubClass>();

/** An object with one function for each of the contract's methods and streams, and nothing else. */
export function stubOf<T>(contract: Contract<T>, target: StubTarget): T {
  let Stub = classes.get(contract);
  if (!Stub) classes.set(contract, (Stub = stubClass(contract)));
  return new Stub(target) as T;
}

/** Whether consumers can be given a stub: the contract says all that they may call. */
export function isStubbable(contract: Contract<unknown>): boolean {
  return !contract.local && contract.methods.length + contract.streams.length > 0;
}

function stubClass({ methods, streams }: Contract<unknown>): StubClass {
  class Stub {
    readonly #target: StubTarget;

    constructor(target: StubTarget) {
      this.#target = target;
    }

    static method(name: string) {
      return function (this: Stub, ...args: unknown[]) {
        return this.#target.call(name, args);
      };
    }

    static stream(name: string) {
      return function (this: Stub, ...args: unknown[]) {
        return this.#target.stream(name, args);
      };
    }
  }
  for (const name of methods)
    Object.defineProperty(Stub.prototype, name, { value: Stub.method(name), enumerable: true });
  for (const name of streams)
    Object.defineProperty(Stub.prototype, name, { value: Stub.stream(name), enumerable: true });
  return Stub;
}
