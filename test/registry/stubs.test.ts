import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contract } from 'rackwatt';
import { collectGarbage } from '../support/container.js';
import { stubOf } from '../support/registry.js';
import { alice, bob, newRegistry } from './support.js';

interface Relay {
  read(value: number): Promise<number>;
  changes(): AsyncIterable<number>;
}

const Relay = contract<Relay>('test/Relay', { major: 1, methods: ['read'], streams: ['changes'] });

const never = (): Promise<never> => new Promise(() => undefined);
const GONE = { code: 'SERVICE_GONE' };

/** A registered relay as a consumer holds it. */
function held(service: Partial<Relay>) {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Relay, service as Relay);
  const { reference } = registration;
  const stub = registry.guarded(reference, Relay, registry.get(bob, reference)!);
  return { registry, registration, reference, stub };
}

test('a stub has the functions of the contract and nothing else', () => {
  const stub = stubOf(Relay, { call: never, stream: async function* () {} });
  const names: string[] = [];
  for (const name in stub as object) names.push(name);
  assert.deepEqual(names, ['read', 'changes']);
  assert.equal((stub as { then?: unknown }).then, undefined);
  assert.deepEqual(Object.keys(stub), []);
});

test('all consumers of a service have the same stub; a local contract, or one without methods, gives the object itself', () => {
  const { registry, reference, stub } = held({});
  const { service } = { service: registry.get(bob, reference)! };
  assert.equal(registry.guarded(reference, Relay, service), stub);
  assert.notEqual(stub, service);
  for (const plain of [
    contract<Relay>('test/Relay', { major: 1 }),
    contract<Relay>('test/Relay', { major: 1, local: true }),
  ])
    assert.equal(registry.guarded(reference, plain, service), service);
});

test('a stub gives what the service gives: values, rejections, and what it throws at once as a rejection', async () => {
  const { stub } = held({
    read(value) {
      if (value === 0) throw new RangeError('no relay 0');
      return value === 1 ? Promise.reject(new RangeError('relay 1 is stuck')) : Promise.resolve(value * 2);
    },
  });
  assert.equal(await stub.read(4), 8);
  await assert.rejects(stub.read(0), /no relay 0/);
  await assert.rejects(stub.read(1), /relay 1 is stuck/);
});

test('a service that is too old for its caller says which method it lacks', async () => {
  await assert.rejects(held({}).stub.read(1), { code: 'SERVICE_METHOD_ABSENT', message: /has no read/ });
});

test('a call after the service is gone is rejected, and the stub keeps no service', async () => {
  const { registration, stub, weak } = (() => {
    const service: Relay = { read: async (value) => value, changes: async function* () {} };
    return { ...held(service), weak: new WeakRef(service) };
  })();
  assert.equal(await stub.read(1), 1);
  registration.unregister();
  await assert.rejects(stub.read(1), GONE);
  await assert.rejects(stub.changes()[Symbol.asyncIterator]().next(), GONE);
  await collectGarbage();
  assert.equal(weak.deref(), undefined);
});

test('calls under way are waited for, and rejected when they take too long', async () => {
  const answers = new Map<number, (value: number) => void>();
  const { registry, registration, reference, stub } = held({
    read: (value) => new Promise((resolve) => answers.set(value, resolve)),
  });
  const soon = stub.read(1);
  const stuck = stub.read(2);
  registration.unregister();
  let isSettled = false;
  const settled = registry.settle(reference, 200)!.then(() => (isSettled = true));
  answers.get(1)!(10);
  assert.equal(await soon, 10);
  assert.equal(isSettled, false);
  await Promise.all([settled, assert.rejects(stuck, GONE)]);
  answers.get(2)!(20);
  assert.equal(registry.settle(reference, 200), undefined);
});

test('when the last call under way ends, nothing is waited for any more', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const { registry, registration, reference, stub } = held({ read: () => promise });
  const reading = stub.read(1);
  registration.unregister();
  const settled = registry.settle(reference, 3_600_000);
  resolve(7);
  await settled;
  assert.equal(await reading, 7);
});

test('a stream that is silent is ended soon, one that flows may go on until the deadline', async () => {
  let returned = 0;
  const ticks = async function* (pause: number): AsyncGenerator<number> {
    try {
      for (let i = 0; ; i++) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        yield i;
      }
    } finally {
      returned++;
    }
  };
  const { registry, registration, reference, stub } = held({ changes: () => ticks(5) });
  const silent = held({ changes: () => ({ [Symbol.asyncIterator]: () => ({ next: never }) }) });
  const waiting = assert.rejects(silent.stub.changes()[Symbol.asyncIterator]().next(), GONE);
  silent.registration.unregister();
  await silent.registry.settle(silent.reference, 3_600_000);
  await waiting;

  const values: number[] = [];
  const flowing = (async () => {
    for await (const value of stub.changes()) values.push(value);
  })();
  const ended = assert.rejects(flowing, GONE);
  await new Promise((resolve) => setTimeout(resolve, 50));
  registration.unregister();
  const before = values.length;
  await registry.settle(reference, 400);
  await ended;
  assert.ok(values.length > before + 5, `${values.length - before} values came after the service went`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(returned, 1, 'the source of the stream was told');
});

test('a consumer that leaves a stream ends it at its source', async () => {
  let returned = false;
  const { registry, registration, reference, stub } = held({
    changes: async function* () {
      try {
        yield 1;
        yield 2;
      } finally {
        returned = true;
      }
    },
  });
  for await (const value of stub.changes()) {
    assert.equal(value, 1);
    break;
  }
  assert.equal(returned, true);
  registration.unregister();
  assert.equal(registry.settle(reference, 1), undefined);
});
