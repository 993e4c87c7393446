import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { BundleEvent } from 'rackwatt';
import { acting } from '../support/acting.js';
import { activated, Meter, meter } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { temporaryFolder } from '../support/temporary.js';
import { item } from './item.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A container with a bundle that listens. */
async function listening(t: TestContext) {
  const container = new TestContainer(t);
  const { framework } = container;
  await framework.setStartLevel(1);
  const { bundle, context } = await activated(container, 'listener');
  const errors: string[] = [];
  framework.onFrameworkEvent(
    ({ type, bundle: whose, error }) => {
      if (type === 'ERROR') errors.push(`${whose.name}: ${rackwatt.errorMessage(error)}`);
    },
    { synchronous: true },
  );
  return { container, framework, bundle, context, errors };
}

item(47, async (t) => {
  const { container, context } = await listening(t);
  const [ordinary, synchronous]: [string[], string[]] = [[], []];
  context.onBundleEvent(({ type }) => ordinary.push(type));
  context.onBundleEvent(({ type }) => synchronous.push(type), { synchronous: true });
  const bundle = await acting(container, 'a', {}, { manifest: { rackwatt: { update: 'exclusive' } } });
  await bundle.start();
  await bundle.update({ ...bundle.revision.source });
  await bundle.uninstall();
  await turn();
  const all =
    'INSTALLED RESOLVED STARTING STARTED STOPPING STOPPED UNRESOLVED UPDATED RESOLVED STARTING STARTED STOPPING STOPPED UNRESOLVED UNINSTALLED'.split(
      ' ',
    );
  assert.deepEqual(synchronous, all);
  assert.deepEqual(
    ordinary,
    all.filter((type) => type !== 'STARTING' && type !== 'STOPPING'),
  );
});

item(48, async (t) => {
  const { container, context } = await listening(t);
  const order: string[] = [];
  context.onBundleEvent(({ type }) => order.push(`late ${type}`));
  context.onBundleEvent(({ type, bundle }) => order.push(`at once ${type} ${bundle.state}`), { synchronous: true });
  const source = await container.source(container.write('a', { 'index.js': '' }));
  const bundle = container.framework.install(source);
  order.push('install came back');
  await turn();
  assert.deepEqual(order, ['at once INSTALLED INSTALLED', 'install came back', 'late INSTALLED']);
  order.length = 0;
  await bundle.resolve();
  await bundle.uninstall();
  await turn();
  assert.deepEqual(
    order.filter((each) => each.startsWith('late')),
    ['late RESOLVED', 'late UNRESOLVED', 'late UNINSTALLED'],
  );
});

item(49, async (t) => {
  const { container, framework, context } = await listening(t);
  const heard: string[] = [];
  context.onBundleEvent(({ type, bundle }) => heard.push(`${type} ${bundle.name}`));
  context.onFrameworkEvent(({ type }) => heard.push(type));
  const [a, b] = await Promise.all(
    ['a', 'b'].map(async (name) => container.source(container.write(name, { 'index.js': '' }))),
  );
  framework.install(a!);
  framework.error({ id: 0, name: 'rackwatt' }, new RangeError('between'));
  const late: string[] = [];
  context.onBundleEvent(({ bundle }) => late.push(bundle.name));
  framework.install(b!);
  const gone: string[] = [];
  const stop = context.onBundleEvent(() => gone.push('never'));
  void stop();
  await turn();
  assert.deepEqual(heard, ['INSTALLED a', 'ERROR', 'INSTALLED b']);
  assert.deepEqual([late, gone], [['b'], []], 'who listens later hears of what comes later');
});

item(50, async (t) => {
  const { container, context } = await listening(t);
  const { context: other } = await activated(container, 'other');
  const heard: string[] = [];
  const listener = ({ type }: BundleEvent): void => void heard.push(type);
  const removeFirst = context.onBundleEvent(listener);
  context.onBundleEvent(listener, { synchronous: true });
  const services: string[] = [];
  const serviceListener = ({ type }: { type: string }): void => void services.push(type);
  context.listen(serviceListener, { filter: '(a=1)' });
  context.listen(serviceListener, { filter: '(a=2)' });
  context.register(Meter, meter(), { a: 1 });
  assert.deepEqual(services, [], 'the filter is the one that it was added with last');
  context.register(Meter, meter(), { a: 2 });
  assert.deepEqual(services, ['REGISTERED']);
  await acting(container, 'a');
  assert.deepEqual(heard, ['INSTALLED'], 'synchronous, as it was added last');
  await turn();
  assert.deepEqual(heard, ['INSTALLED'], 'once');
  other.onBundleEvent(listener, { synchronous: true });
  await acting(container, 'b');
  assert.equal(heard.length, 3, 'that of another bundle is another one');
  void removeFirst();
  await acting(container, 'c');
  assert.equal(heard.length, 4);
});

item(51, async (t) => {
  const { container, framework, context, errors } = await listening(t);
  const heard: string[] = [];
  const fail = (what: string) => () => {
    throw new RangeError(what);
  };
  context.onBundleEvent(fail('synchronous'), { synchronous: true });
  context.onBundleEvent(fail('late'));
  context.onBundleEvent(() => Promise.reject(new RangeError('rejected')) as never);
  context.onBundleEvent(() => new Promise<void>(() => undefined) as never, { synchronous: true });
  context.listen(fail('service'));
  context.onFrameworkEvent(fail('framework'), { synchronous: true });
  context.onBundleEvent(({ type }) => heard.push(type), { synchronous: true });
  const bundle = await acting(container, 'a');
  await turn();
  assert.deepEqual(errors.sort(), ['listener: late', 'listener: rejected', 'listener: synchronous']);
  context.register(Meter, meter());
  assert.match(errors.at(-1)!, /listener: .*service/);
  await bundle.start();
  await turn();
  assert.deepEqual([bundle.state, heard], ['ACTIVE', ['INSTALLED', 'RESOLVED', 'STARTING', 'STARTED']]);
  // A listener that fails on an ERROR is told in the log alone; on anything else it is an ERROR of its bundle.
  assert.ok(errors.every((error) => !error.includes('framework')));
  assert.ok(
    container.log.some(({ level, message }) => level === 'error' && message.includes('listener threw: framework')),
  );
  await framework.setStartLevel(2);
  assert.ok(errors.includes('listener: framework'));
});

item(52, async (t) => {
  const { container, framework, bundle, context } = await listening(t);
  const heard: string[] = [];
  context.onBundleEvent(({ type }) => heard.push(type), { synchronous: true });
  context.onBundleEvent(({ type }) => heard.push(`late ${type}`));
  context.onFrameworkEvent(({ type }) => heard.push(`late ${type}`));
  context.listen(({ type }) => heard.push(type));
  await bundle.stop();
  heard.length = 0;
  await acting(container, 'a');
  framework.error({ id: 0, name: 'rackwatt' }, new RangeError('too late'));
  framework.registry.register({ id: 0, name: 'rackwatt' }, Meter, meter());
  await turn();
  assert.equal(heard.length, 0);
  // Not even of what was fired while it still listened.
  const { bundle: other, context: others } = await activated(container, 'other');
  others.onBundleEvent(({ type }) => heard.push(`late ${type}`));
  const fired = acting(container, 'b');
  framework.onBundleEvent(
    ({ type, bundle: which }) => {
      if (type === 'INSTALLED' && which.name === 'b') framework.releaseOwner(other);
    },
    { synchronous: true },
  );
  await fired;
  await turn();
  assert.deepEqual(heard, []);
});

item(53, async (t) => {
  const { container, framework, context } = await listening(t);
  const origins: [string, number][] = [];
  context.onBundleEvent(({ type, origin }) => origins.push([type, origin.id]), { synchronous: true });
  const bundle = await acting(container, 'a');
  await bundle.start();
  await bundle.uninstall();
  assert.deepEqual(origins.shift(), ['INSTALLED', framework.system.id]);
  assert.equal(origins.length, 7);
  assert.ok(origins.every(([, id]) => id === bundle.id));
});

item(54, async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'var'));
  writeFileSync(join(folder, 'var', 'bundles.log'), '{"id":1,"na');
  const container = new TestContainer(t, { folder, framework: { remembers: true } });
  const { framework } = container;
  const heard: string[] = [];
  framework.onFrameworkEvent(({ type, bundle, message }) => {
    heard.push(type);
    if (type === 'WARNING') assert.match(message!, /bundles\.log was cut off/);
    if (type !== 'ERROR' && type !== 'INFO') assert.equal(bundle, framework.system);
  });
  await framework.start(1);
  const bad = await acting(container, 'bad', { stop: () => Promise.reject(new RangeError('no')) });
  await bad.start();
  await bad.uninstall();
  const failing = await acting(container, 'failing');
  await failing.start();
  await framework.wiring.refresh();
  await turn();
  assert.deepEqual(heard, ['WARNING', 'STARTLEVEL_CHANGED', 'STARTED', 'ERROR', 'PACKAGES_REFRESHED']);
  heard.length = 0;
  // What failed by itself and runs again is no fault any more.
  const again = new Promise<string>((resolve) =>
    framework.onFrameworkEvent(({ type, bundle, message }) => type === 'INFO' && resolve(`${bundle.name} ${message}`)),
  );
  framework.failed(failing, new RangeError('by itself'));
  assert.match(await again, /^failing 1\.0\.0 runs again after it failed: by itself$/);
  heard.length = 0;
  await framework.system.update();
  await framework.waitForStop();
  const ended = new Promise<void>((resolve) =>
    framework.onFrameworkEvent(({ type }) => type === 'STARTED' && resolve()),
  );
  await ended;
  assert.equal((await framework.waitForStop(1)).type, 'WAIT_TIMEDOUT');
  await framework.stop();
  await turn();
  assert.deepEqual(
    heard.filter((type) => type !== 'STARTLEVEL_CHANGED'),
    ['STOPPED_UPDATE', 'STARTED', 'STOPPED'],
  );
});

item(55, async (t) => {
  const { container, context } = await listening(t);
  const { context: other } = await activated(container, 'other');
  const heard: string[] = [];
  for (const each of [context, other]) each.listen(({ type }) => heard.push(type), { contract: Meter });
  const registration = other.register(Meter, meter());
  assert.deepEqual(heard, ['REGISTERED', 'REGISTERED']);
  registration.setProperties({ a: 1 });
  assert.deepEqual(heard.slice(2), ['MODIFIED', 'MODIFIED']);
  registration.unregister();
  assert.deepEqual(heard.slice(4), ['UNREGISTERING', 'UNREGISTERING']);
});

item(56, async (t) => {
  const { container, context } = await listening(t);
  const DEPTH = 20_000;
  let registered = 1;
  let bundleEvents = 0;
  context.listen(
    ({ type }) => {
      if (type === 'REGISTERED' && registered < DEPTH) context.register(Meter, meter(registered++));
    },
    { contract: Meter },
  );
  context.register(Meter, meter(0));
  assert.equal(context.references(Meter).length, DEPTH, 'all of it, when the outermost call returns');
  // And of bundles: each start that is heard of starts the next.
  const chain = await Promise.all(Array.from({ length: 200 }, (_, i) => acting(container, `chain-${i}`)));
  const done = Promise.withResolvers<void>();
  context.onBundleEvent(({ type, bundle }) => {
    const next = Number(/^chain-(\d+)$/.exec(bundle.name)?.[1]) + 1;
    if (type !== 'STARTED' || Number.isNaN(next)) return;
    bundleEvents++;
    if (next === chain.length) done.resolve();
    else void chain[next]!.start();
  });
  await chain[0]!.start();
  await done.promise;
  assert.equal(bundleEvents, chain.length);
});

item(57, async (t) => {
  const { container, context, errors } = await listening(t);
  const { context: other } = await activated(container, 'other');
  const seen: string[] = [];
  other.listen(
    ({ type, reference }) => {
      const found = other.references(Meter).some(({ id }) => id === reference.id);
      const got = other.get(reference) !== undefined;
      seen.push(`${type} ${found ? 'found' : 'not found'} ${got ? 'got' : 'gone'}`);
      // Whatever a listener calls, it waits for nothing that its caller holds.
      other.register(rackwatt.contract('test/Inner', { major: 1 }), {}).unregister();
      if (got) other.release(reference);
    },
    { contract: Meter },
  );
  const registration = context.register(Meter, meter());
  registration.setProperties({ a: 1 });
  registration.unregister();
  assert.deepEqual(seen, ['REGISTERED found got', 'MODIFIED found got', 'UNREGISTERING not found got']);
  // A listener on a bundle that starts may stop it: that waits for its turn, and nobody for ever.
  const bundle = await acting(container, 'a');
  const stopped = Promise.withResolvers<void>();
  context.onBundleEvent(
    ({ type, bundle: which }) => {
      if (type === 'STARTING' && which.id === bundle.id) bundle.stop().then(stopped.resolve, stopped.reject);
    },
    { synchronous: true },
  );
  await bundle.start();
  await stopped.promise;
  await delay(1);
  assert.deepEqual([bundle.state, errors], ['RESOLVED', []]);
});
