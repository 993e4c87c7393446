import assert from 'node:assert/strict';
import { TestContainer } from '../support/container.js';
import { item } from './item.js';
import { api, install, noted, noting, provides, requires, wiredTo } from './wired.js';

const resolves = async (bundle: { resolve(): Promise<void> }): Promise<boolean> =>
  bundle.resolve().then(
    () => true,
    () => false,
  );

item(64, async (t) => {
  const c = new TestContainer(t);
  await install(c, 'bus', provides('acme.bus', { kind: 'rs485', version: '2.1.0', baud: [9600, 19200] }));
  const needs = async (name: string, more: object) =>
    resolves(await install(c, name, requires('acme.bus', { ...more })));
  assert.ok(await needs('any', {}));
  assert.ok(await needs('fits', { filter: '(&(kind=rs485)(baud>=19200)(version>=2.0))' }));
  assert.ok(await needs('ranged', { version: '^2.0.0' }));
  assert.ok(!(await needs('other-kind', { filter: '(kind=can)' })));
  assert.ok(!(await needs('too-new', { filter: '(version>=2.10)' })));
  assert.ok(!(await needs('out-of-range', { version: '^3.0.0' })));
  assert.ok(!(await resolves(await install(c, 'other-namespace', requires('acme.buses')))));
  await install(c, 'line', provides('acme.line', { port: 'ttyS0', kind: 'serial' }, { mandatory: ['port'] }));
  const line = async (name: string, filter: string) =>
    resolves(await install(c, name, requires('acme.line', { filter })));
  assert.ok(!(await line('vague', '(kind=serial)')));
  assert.ok(await line('definite', '(&(kind=serial)(port=ttyS0))'));
});

item(65, async (t) => {
  const c = new TestContainer(t);
  const attributes = {
    label: '10',
    count: 10,
    ratio: 0.5,
    ready: true,
    version: '1.10.0',
    firmware: { version: '2.0.0-rc.1' },
    supported: [{ version: '1.2.0' }, { version: '1.10.0' }],
    names: ['a', 'b'],
  };
  const typed = await install(c, 'typed', provides('acme.typed', attributes));
  const [capability] = typed.revision.capabilities.filter(({ namespace }) => namespace === 'acme.typed');
  const { label, count, ratio, ready, names } = capability!.attributes;
  assert.deepEqual([label, count, ratio, ready, names], ['10', 10, 0.5, true, ['a', 'b']]);
  const cases = {
    '(count>=9)': true,
    '(label>=9)': false,
    '(ratio<=0.50)': true,
    '(ready=true)': true,
    '(version>=1.9)': true,
    '(firmware<=2.0.0)': true,
    '(firmware>=2.0.0)': false,
    '(supported=1.10)': true,
    '(supported>=1.11)': false,
    '(names=b)': true,
    '(names=c)': false,
  };
  let serial = 0;
  for (const [filter, holds] of Object.entries(cases)) {
    const bundle = await install(c, `needs-${++serial}`, requires('acme.typed', { filter }));
    assert.equal(await resolves(bundle), holds, filter);
  }
  for (const [wrong, message] of [
    [provides('acme.x', { version: 'new' }), /attributes\.version" must be a semantic version/],
    [provides('acme.x', { list: ['a', 1] }), /attributes\.list" must be a list of one type/],
    [provides('acme.x', { deep: { more: 1 } }), /attributes\.deep" must be a text, number/],
    [provides('acme.x', {}, { mandatory: ['port'] }), /mandatory" names port, which is no attribute/],
    [provides('rackwatt.engine'), /which the container provides by itself/],
    [requires('acme.x', { filter: '(kind=' }), /filter" is not a filter: /],
    [requires('acme.x', { version: 'latest' }), /version" must be a version range/],
  ] as const)
    await assert.rejects(install(c, 'wrong', wrong), { code: 'BUNDLE_MANIFEST', message });
});

item(66, async (t) => {
  const c = new TestContainer(t);
  const events: string[] = [];
  c.framework.onBundleEvent(({ type, bundle }) => type === 'RESOLVED' && events.push(bundle.name), {
    synchronous: true,
  });
  const top = await install(c, 'top', {
    rackwatt: { requires: [{ namespace: 'acme.left' }, { namespace: 'acme.right' }] },
  });
  const left = await install(c, 'left', provides('acme.left'));
  const right = await install(c, 'right', {
    rackwatt: { provides: [{ namespace: 'acme.right' }], requires: [{ namespace: 'acme.ground' }] },
  });
  assert.ok(!(await resolves(top)));
  assert.deepEqual(
    [top, left, right].map(({ state }) => state),
    ['INSTALLED', 'INSTALLED', 'INSTALLED'],
  );
  assert.deepEqual(events, []);
  const ground = await install(c, 'ground', provides('acme.ground'));
  await top.resolve();
  assert.deepEqual(
    [top, left, right, ground].map(({ state }) => state),
    ['RESOLVED', 'RESOLVED', 'RESOLVED', 'RESOLVED'],
  );
  assert.deepEqual(new Set(events), new Set(['ground', 'left', 'right', 'top']));
  assert.equal(events.length, 4);
  // Of two providers, the one that cannot be resolved itself is passed over, although its version is higher.
  await install(c, 'better', {
    rackwatt: {
      provides: [{ namespace: 'acme.choice', attributes: { version: '2.0.0' } }],
      requires: [{ namespace: 'acme.nowhere' }],
    },
  });
  await install(c, 'good', provides('acme.choice', { version: '1.0.0' }));
  const chooser = await install(c, 'chooser', requires('acme.choice'));
  await chooser.resolve();
  assert.deepEqual(wiredTo(chooser), ['good 1.0.0']);
});

item(67, async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const trying = `let version; try { version = require('api').version; } catch (error) { version = error.code; }`;
  const optional = { peerDependencies: { api: '^1.0.0' }, peerDependenciesMeta: { api: { optional: true } } };
  const early = await install(c, 'early', optional, { 'index.js': `${trying}${noting('version')}` });
  await early.start();
  assert.deepEqual([noted(), wiredTo(early)], [{ early: 'MODULE_NOT_FOUND' }, []]);
  await api(c, '1.2.0');
  const late = await install(c, 'late', optional, { 'index.js': `${trying}${noting('version')}` });
  await late.start();
  assert.deepEqual([noted(), wiredTo(late)], [{ late: '1.2.0' }, ['api 1.2.0']]);
  await early.stop();
  await early.start();
  assert.deepEqual([noted(), wiredTo(early)], [{ early: 'MODULE_NOT_FOUND' }, []], 'not wired later');
  await c.framework.wiring.refresh([early]);
  assert.deepEqual([noted(), wiredTo(early)], [{ early: '1.2.0' }, ['api 1.2.0']], 'but by a refresh');
});

item(68, async (t) => {
  const c = new TestContainer(t);
  const bundle = await install(c, 'later', requires('acme.nowhere', { effective: 'active' }));
  await bundle.resolve();
  assert.deepEqual([bundle.state, wiredTo(bundle)], ['RESOLVED', []]);
  assert.deepEqual(
    bundle.revision.wiring!.requirements().map(({ namespace }) => namespace),
    ['acme.nowhere'],
    'tools see it',
  );
});

item(69, async (t) => {
  const c = new TestContainer(t);
  const chained = async (name: string, needs: string, version = '1.0.0') =>
    install(c, name, { version, peerDependencies: { [needs]: '^1.0.0' }, rackwatt: { contracts: ['.'] } });
  const first = await chained('first', 'second');
  await chained('second', 'third', '1.5.0');
  await chained('third', 'fourth');
  await install(c, 'fourth', { version: '2.0.0', rackwatt: { contracts: ['.'] } });
  await assert.rejects(first.resolve(), {
    code: 'BUNDLE_RESOLVE',
    message:
      'bundle first 1.0.0 does not resolve: it needs second ^1.0.0, and second 1.5.0 does not resolve; ' +
      'second 1.5.0: it needs third ^1.0.0, and third 1.0.0 does not resolve; third 1.0.0: it needs fourth ^1.0.0, installed is 2.0.0',
    context: {
      bundle: 'first',
      chain: [
        { bundle: 'first', version: '1.0.0', needs: 'second ^1.0.0' },
        { bundle: 'second', version: '1.5.0', needs: 'third ^1.0.0' },
        { bundle: 'third', version: '1.0.0', needs: 'fourth ^1.0.0' },
      ],
    },
  });
});

item(70, async (t) => {
  const c = new TestContainer(t);
  const offers = async (name: string, version: string) => install(c, name, provides('acme.x', { version }));
  const chosen = async (name: string, more: object = {}) => {
    const bundle = await install(c, name, requires('acme.x', { ...more }));
    await bundle.resolve();
    return wiredTo(bundle)[0];
  };
  await offers('one', '1.2.0');
  const high = await offers('high', '1.10.0');
  await offers('same', '1.10.0');
  assert.equal(await chosen('a'), 'high 1.0.0', 'the highest version, and of equals the lowest id');
  await offers('higher', '2.0.0');
  assert.equal(high.state, 'RESOLVED');
  assert.equal(await chosen('b'), 'high 1.0.0', 'what is resolved before what is not');
  assert.equal(await chosen('c', { version: '>=2' }), 'higher 1.0.0');
  assert.equal(await chosen('d'), 'higher 1.0.0', 'of those resolved, the highest version');
});

item(71, async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const user = async (name: string, range: string) => {
    const bundle = await install(
      c,
      name,
      { peerDependencies: { api: range } },
      {
        'index.js': noting(`require('api').version`),
      },
    );
    await bundle.start();
    return bundle;
  };
  const first = await api(c, '1.0.0');
  const old = await user('old', '^1');
  // Another bundle brings the next major version along.
  await install(
    c,
    'vendor',
    { rackwatt: { contracts: [{ name: 'api', version: '2.0.0', exports: { '.': './api.js' } }] } },
    { 'api.js': `exports.version = '2.0.0';` },
  );
  const young = await user('young', '^2');
  assert.deepEqual(noted(), { old: '1.0.0', young: '2.0.0' });
  // An update rewires nobody who is wired.
  await c.update(first, `exports.version = '1.1.0';`, { version: '1.1.0', rackwatt: { contracts: ['.'] } });
  const third = await user('third', '^1');
  await old.stop();
  await old.start();
  assert.deepEqual(noted(), { third: '1.1.0', old: '1.0.0' });
  assert.deepEqual(
    [old, young, third].map((bundle) => wiredTo(bundle)[0]),
    ['api 1.0.0', 'vendor 1.0.0', 'api 1.1.0'],
  );
  assert.deepEqual(
    [old, young, third].map(({ state }) => state),
    ['ACTIVE', 'ACTIVE', 'ACTIVE'],
  );
});

item(72, async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const brings = async (name: string, version: string, range: string | undefined) =>
    install(
      c,
      name,
      {
        ...(range === undefined ? {} : { peerDependencies: { api: range } }),
        rackwatt: { contracts: [{ name: 'api', version, exports: { '.': './api.js' } }] },
      },
      {
        'api.js': `exports.version = '${version}'; exports.from = '${name}';`,
        'index.js': noting(`require('api').from`),
      },
    );
  const offered = (bundle: Awaited<ReturnType<typeof brings>>) =>
    bundle.revision.wiring!.capabilities('rackwatt.contract').map(({ attributes }) => String(attributes['version']));
  const newer = await brings('newer', '1.4.0', '^1');
  const older = await brings('older', '1.2.0', '^1');
  await older.start();
  assert.deepEqual(
    [wiredTo(older), offered(older)],
    [['newer 1.0.0'], []],
    'takes the better one, offers its own no more',
  );
  await newer.start();
  assert.deepEqual([wiredTo(newer), offered(newer)], [[], ['1.4.0']], 'nobody has a better one');
  assert.deepEqual(noted(), { older: 'newer', newer: 'newer' });
  const user = await install(c, 'user', { peerDependencies: { api: '~1.2.0' } });
  assert.ok(!(await resolves(user)), 'what was substituted is not offered');
  // Who only exports keeps its own for itself, too.
  const alone = await brings('alone', '1.1.0', undefined);
  await alone.start();
  assert.deepEqual([noted(), offered(alone)], [{ alone: 'alone' }, ['1.1.0']]);
  // Where somebody can do with no other, it is not substituted.
  const needed = await brings('needed', '1.3.0', '^1');
  const pinned = await install(c, 'pinned', {
    peerDependencies: { api: '1.3.0' },
    rackwatt: { requires: [{ namespace: 'rackwatt.identity', filter: '(rackwatt.identity=needed)' }] },
  });
  await pinned.resolve();
  assert.deepEqual([wiredTo(pinned, 'rackwatt.contract'), offered(needed)], [['needed 1.0.0'], ['1.3.0']]);
});

item(74, async (t) => {
  const c = new TestContainer(t);
  await c.framework.setStartLevel(1);
  const half = async (name: string, other: string) =>
    install(
      c,
      name,
      {
        peerDependencies: { [other]: '*' },
        exports: { './contract': './contract.js' },
        rackwatt: { contracts: ['./contract'] },
      },
      {
        'contract.js': `exports.name = '${name}';`,
        'index.js': noting(`require('${other}/contract').name`),
      },
    );
  const left = await half('left', 'right');
  const right = await half('right', 'left');
  await left.start();
  assert.equal(right.state, 'RESOLVED');
  await right.start();
  assert.deepEqual(noted(), { left: 'right', right: 'left' });
  // Where contracts themselves need each other in one direction, that one comes first, whoever is asked.
  await install(
    c,
    'upper',
    { peerDependencies: { lower: '*' }, rackwatt: { contracts: ['.'] } },
    { 'index.js': `exports.name = 'upper on ' + require('lower').name;` },
  );
  await install(
    c,
    'lower',
    { peerDependencies: { upper: '*' }, rackwatt: { contracts: ['.'] } },
    {
      'index.js': `exports.name = 'lower';`,
    },
  );
  const user = await install(
    c,
    'user',
    { peerDependencies: { upper: '*', lower: '*' } },
    {
      'index.js': noting(`require('upper').name`),
    },
  );
  await user.start();
  assert.deepEqual(noted(), { user: 'upper on lower' });
  // Two modules that wait for each other are no order at all.
  const knot = async (name: string, other: string) =>
    install(
      c,
      name,
      { peerDependencies: { [other]: '*' }, rackwatt: { contracts: ['.'] } },
      { 'index.js': `require('${other}');` },
    );
  await knot('hen', 'egg');
  await knot('egg', 'hen');
  const hungry = await install(c, 'hungry', { peerDependencies: { hen: '*' } });
  await assert.rejects(hungry.resolve(), {
    code: 'BUNDLE_RESOLVE',
    message: /contracts of \w+ and \w+ import each other/,
  });
});
