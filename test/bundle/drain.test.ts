import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

interface Relay {
  /** Settles after so many ms; never for a negative number. */
  read(milliseconds: number): Promise<string>;
  ticks(): AsyncIterable<string>;
}

const Relay = rackwatt.contract<Relay>('test/Relay', { major: 1, methods: ['read'], streams: ['ticks'] });

/** A relay that answers with its name, by timers of its own: they are gone with its revision. */
const relay = (name: string) => `const { component, contract } = require('rackwatt');
  exports.relay = component({ name: 'relay', provides: contract('test/Relay', { major: 1, methods: ['read'], streams: ['ticks'] }),
    activate: () => ({
      read: (ms) => new Promise((resolve) => { if (ms >= 0) setTimeout(() => resolve('${name}'), ms); }),
      async *ticks() { for (;;) { await new Promise((resolve) => setTimeout(resolve, 10)); yield '${name}'; } },
    }) });`;

const GONE = { code: 'SERVICE_GONE' };

/** A component that follows the best relay, and the relay that it has. */
function follower(c: TestContainer): () => Relay {
  let current: { readonly service: Relay | undefined } | undefined;
  c.components(
    'follower',
    rackwatt.component({
      name: 'follower',
      references: { relay: rackwatt.optional(Relay, { dynamic: true }) },
      activate: (cradle) => void (current = cradle.relay),
    }),
  );
  return () => {
    assert.ok(current?.service, 'there is a relay');
    return current.service;
  };
}

test('a call under way ends on the old revision while the new one already serves', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', relay('one'));
  const current = follower(c);
  const old = current();
  const reading = old.read(400);
  const updated = c.update(bundle, relay('two'), { version: '2.0.0' });
  let answered = '';
  while (answered !== 'two') answered = await current().read(1);
  let isUpdated = false;
  void updated.then(() => (isUpdated = true));
  assert.equal(await reading, 'one');
  assert.equal(isUpdated, false, 'the old revision was kept for the call');
  await updated;
  await assert.rejects(old.read(1), GONE);
  assert.equal(await current().read(1), 'two');
});

for (const update of ['staged', 'exclusive'] as const)
  test(`${update}: a call that never settles is rejected at the deadline, with the stream that was open`, async (t) => {
    const c = new TestContainer(t, { drain: 300 });
    const bundle = await c.start('a', relay('one'), { rackwatt: { update } });
    const current = follower(c);
    const stuck = assert.rejects(current().read(-1), GONE);
    const seen: string[] = [];
    const streaming = assert.rejects(
      (async () => {
        for await (const tick of current().ticks()) seen.push(tick);
      })(),
      GONE,
    );
    await c.update(bundle, relay('two'), { version: '2.0.0', rackwatt: { update } });
    await Promise.all([stuck, streaming]);
    assert.equal(await current().read(1), 'two');
    assert.ok(seen.length > 0 && seen.every((tick) => tick === 'one'));
  });

for (const [what, act] of [
  ['stopped', (bundle) => bundle.stop()],
  ['uninstalled', (bundle, c) => c.framework.uninstall(bundle)],
] as [string, (bundle: Awaited<ReturnType<TestContainer['start']>>, c: TestContainer) => Promise<void>][])
  test(`no call stays unsettled when a bundle is ${what}`, async (t) => {
    const c = new TestContainer(t);
    const bundle = await c.start('a', relay('one'));
    const service = follower(c)();
    const short = service.read(100);
    const stuck = assert.rejects(service.read(-1), GONE);
    await act(bundle, c);
    assert.equal(await short, 'one');
    await stuck;
    await assert.rejects(service.read(1), GONE);
  });

test('a component that restarts because of its configuration ends the calls on it first', async (t) => {
  const c = new TestContainer(t, { drain: 200 });
  const events: string[] = [];
  let activations = 0;
  c.components(
    'provider',
    rackwatt.component({
      name: 'provider',
      provides: Relay,
      activate() {
        const round = ++activations;
        return {
          read: async (milliseconds: number) => {
            await new Promise((resolve) => setTimeout(resolve, milliseconds));
            events.push(`read by ${round}`);
            return String(round);
          },
          ticks: async function* () {},
        };
      },
      deactivate: () => void events.push('down'),
    }),
  );
  const current = follower(c);
  const reading = current().read(50);
  c.configure('provider', { any: 1 });
  assert.equal(await reading, '1');
  await c.settled();
  assert.deepEqual(events, ['read by 1', 'down']);
  assert.equal(await current().read(0), '2');
});

test('the services of an activator are gone when it stopped, and with them the calls', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start(
    'a',
    `const { contract } = require('rackwatt');
     const Relay = contract('test/Relay', { major: 1, methods: ['read'] });
     exports.activator = { start: (context) => void context.register(Relay, { read: () => new Promise(() => {}) }) };`,
  );
  const stuck = assert.rejects(follower(c)().read(1), GONE);
  await bundle.stop();
  await stuck;
});

test('a consumer that keeps the stub of an old revision keeps no code of it', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', relay('one'));
  const current = follower(c);
  const kept = current();
  assert.equal(await kept.read(1), 'one');
  await c.update(bundle, relay('two'), { version: '2.0.0' });
  await collectGarbage(() => c.tokens.live().length <= 1, 50);
  assert.equal(c.tokens.live().length, 1);
  await assert.rejects(kept.read(1), GONE);
});

test('a swap under a thousand calls loses none of them', async (t) => {
  const c = new TestContainer(t);
  const bundle = await c.start('a', relay('0'));
  const current = follower(c);
  const answers: Promise<string>[] = [];
  for (let i = 1; i <= 10; i++) {
    for (let k = 0; k < 100; k++) answers.push(current().read(k % 20));
    await c.update(bundle, relay(String(i)), { version: `2.0.${i}` });
  }
  const counts = new Map<string, number>();
  for (const answer of await Promise.all(answers)) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  assert.deepEqual(
    [...counts.values()],
    Array.from({ length: 10 }, () => 100),
  );
});
