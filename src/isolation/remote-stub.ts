import type { Contract } from '../registry/contract.js';
import { stubOf, type StubTarget } from '../registry/index.js';
import type { Calls, Operation } from './calls.js';
import { FRAME } from './messages.js';
import type { Consumers } from './streams.js';

/** Sends what a stub is called with to the service behind a handle. */
class RemoteTarget implements StubTarget {
  readonly #operations: ReadonlyMap<string, Operation>;
  readonly #calls: Calls;
  readonly #consumers: Consumers;

  constructor(operations: ReadonlyMap<string, Operation>, calls: Calls, consumers: Consumers) {
    this.#operations = operations;
    this.#calls = calls;
    this.#consumers = consumers;
  }

  call(method: string, args: unknown[]): Promise<unknown> {
    return this.#calls.invoke(this.#operations.get(method)!, args);
  }

  stream(method: string, args: unknown[]): AsyncIterable<unknown> {
    return this.#consumers.iterable(this.#operations.get(method)!, args);
  }
}

/** @param timeout of calls whose contract says none, ms */
export function remoteStub<T>(
  contract: Contract<T>,
  handle: number,
  calls: Calls,
  consumers: Consumers,
  timeout: number,
): T {
  const { id, methods, streams, transfers } = contract;
  const operation = (name: string, kind: Operation['kind'], limit: number): [string, Operation] => [
    name,
    { kind, target: [handle, name], title: `${id}.${name}`, moves: transfers.includes(name), timeout: limit },
  ];
  const operations = new Map([
    ...methods.map((name) => operation(name, FRAME.call, contract.timeout ?? timeout)),
    ...streams.map((name) => operation(name, FRAME.open, 0)),
  ]);
  return stubOf(contract, new RemoteTarget(operations, calls, consumers));
}
