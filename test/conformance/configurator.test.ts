import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ConfigurationListener } from 'rackwatt';
import { RunningNode, turns } from '../support/running-node.js';
import { item } from './item.js';

const PID = 'acme.meter';

/** A node, and what its configurations say: by PID. */
async function started(t: TestContext, configurations = {}) {
  const node = await RunningNode.start(t, configurations);
  const inForce = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries((await node.admin.list()).map(({ pid, properties }) => [pid, properties]));
  return { node, inForce };
}

/** A manifest that brings configurations. */
const brings = (configurations: object, version = '1.0.0') => ({ version, rackwatt: { configurations } });

item(300, async (t) => {
  const { node, inForce } = await started(t);
  const inside = brings({ [PID]: { from: 'package.json' } });
  const named = brings(['./single.json', './folder']);
  const silent = node.bundle('silent', { 'folder/a.json': { 'acme.silent': {} } });
  const bundle = node.bundle(
    'named',
    {
      'folder/b.json': { 'acme.folder': { from: 'b' }, 'acme.b': {} },
      'folder/a.json': '// a comment, ö\n{ "acme.folder": { /* another */ "from": "a", "text": "// none" } }',
      'folder/ignored.txt': '{ "acme.text": {} }',
      'single.json': { 'acme.single': { from: 'single' } },
    },
    named,
  );
  await node.install(node.bundle('inside', {}, inside), bundle, silent);
  assert.deepEqual(await inForce(), {
    [PID]: { from: 'package.json' },
    'acme.folder': { from: 'a', text: '// none' },
    'acme.b': {},
    'acme.single': { from: 'single' },
  });
  assert.deepEqual(node.document.configurations, {}, 'the file stays as it is');
});

item(300, async (t) => {
  const { node, inForce } = await started(t);
  const files: Record<string, string> = {
    'c/1.json': '{ "acme.torn": { "a": 1 ',
    'c/2.json': '{ "acme.twice": { "a": 1, "a": 2 } }',
    'c/3.json': '{ "acme.proto": { "__proto__": { "polluted": true } } }',
    'c/4.json': '[]',
    'c/5.json': '{ "no pid": {}, "acme.text": "text", "acme.fine": { "a": 1 } }',
    'c/6.json': '{ "acme.secret": { "pass": { "$secret": "of-somebody" } } }',
  };
  const bundle = node.bundle('broken', files, brings(['./c', './missing.json']));
  writeFileSync(join(bundle.root, 'c/7.json'), Buffer.from([0x7b, 0xff, 0x7d]));
  writeFileSync(join(node.home, 'outside.json'), '{ "acme.outside": {} }');
  symlinkSync(join(node.home, 'outside.json'), join(bundle.root, 'c/8.json'));
  const outcome = await node.install(bundle);
  assert.equal(outcome.applied, true);
  assert.deepEqual(await inForce(), { 'acme.fine': { a: 1 } });
  const log = node.lines.join('\n');
  for (const sentence of [
    /broken brings of configurations, c\/1\.json: 1:\d+: a closing } is missing; it is left out/,
    /c\/2\.json: 1:\d+: the key "a" stands here a second time/,
    /c\/3\.json: 1:\d+: the key "__proto__" is not allowed/,
    /c\/4\.json: configurations are an object of PIDs/,
    /c\/5\.json: configuration no pid: that is no PID/,
    /c\/5\.json: configuration acme\.text: it must be an object/,
    /c\/6\.json: configuration acme\.secret: it refers to a secret/,
    /c\/7\.json: 1:\d+: the file is not UTF-8/,
    /c\/8\.json: it leads out of the bundle/,
    /missing\.json: ENOENT/,
  ])
    assert.match(log, sentence);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

item(301, async (t) => {
  const { node } = await started(t);
  const seen: unknown[] = [];
  const devices = { 'acme.device~a': { n: 1 }, 'acme.device~b': { n: 2 }, 'acme.device|other~c': { n: 3 } };
  await node.install(
    node.readerBundle('reader', 'acme.device', { seen, policy: 'require', manifest: brings(devices) }),
  );
  assert.deepEqual(seen, [{ n: 1 }, { n: 2 }]);
  const { properties, factoryPid, broughtBy } = await node.admin.factoryConfiguration('acme.device', 'a');
  assert.deepEqual([properties, factoryPid, broughtBy], [{ n: 1 }, 'acme.device', 'reader']);
});

item(302, async (t) => {
  const { node, inForce } = await started(t);
  const file = (version: unknown) => ({ ':configurator:resource-version': version, [`acme.v${String(version)}`]: {} });
  const own = { ':configurator:ranking': 1, ':configurator:policy': 'default', ':configurator:other': 1, a: 1 };
  const rest = { ':configurator:unknown': true, ':configurator:symbolicname': 'x', [PID]: own };
  const files = { 'c/1.json': file(1), 'c/2.json': file(2), 'c/3.json': file('1'), 'c/4.json': rest };
  await node.install(node.bundle('versions', files, brings(['./c'])));
  assert.deepEqual(await inForce(), { 'acme.v1': {}, [PID]: { a: 1 } });
  assert.match(node.lines.join('\n'), /c\/2\.json: :configurator:resource-version 2 is not known; it must be 1/);
});

item(304, async (t) => {
  const { node } = await started(t);
  const seen: unknown[] = [];
  const values = { yes: true, whole: 3, part: 1.5, text: 'a', list: ['a', 'b'], object: { deep: [{ x: null }] } };
  await node.install(node.readerBundle('reader', PID, { seen, manifest: brings({ [PID]: values }) }));
  assert.deepEqual(seen, [values]);
});

item(305, async (t) => {
  const { node, inForce } = await started(t);
  const values = {
    'port:Integer': '8080',
    'name:String': 5,
    'ratio:Double': '0.5',
    'on:boolean': 'true',
    'letter:Character': 'x',
    'racks:String[]': ['a', 1],
    'one:int[]': 7,
    'limits:Collection<Double>': ['1.5', 2],
    'any:Collection': ['a', true],
  };
  const wrong = {
    'acme.w1': { 'port:Integer': 'many' },
    'acme.w2': { 'port:Integer': 1.5 },
    'acme.w3': { 'port:Number': 1 },
    'acme.w4': { 'file:binary': './x' },
    'acme.w5': { 'port:Integer': 1, port: 2 },
    'acme.w6': { 'on:Boolean': 'perhaps' },
    'acme.w7': { 'deep:String': {} },
  };
  await node.install(node.bundle('typed', {}, brings({ [PID]: values, ...wrong })));
  assert.deepEqual(await inForce(), {
    [PID]: {
      port: 8080,
      name: '5',
      ratio: 0.5,
      on: true,
      letter: 'x',
      racks: ['a', '1'],
      one: [7],
      limits: [1.5, 2],
      any: ['a', true],
    },
  });
  const log = node.lines.join('\n');
  assert.match(log, /acme\.w1: the value of port is no Integer/);
  assert.match(log, /acme\.w3: port:Number names a type that is not known/);
});

item(307, async (t) => {
  const ranked = (from: string, ranking?: number) => ({
    from,
    ...(ranking === undefined ? {} : { ':configurator:ranking': ranking }),
  });
  const bundles = {
    low: brings({ [PID]: ranked('low', 1), 'acme.tie': ranked('low') }),
    high: brings({ [PID]: ranked('high', 5), 'acme.tie': ranked('high') }),
    middle: brings(['./c']),
  };
  const files = {
    'c/a.json': { [PID]: ranked('middle', 3), 'acme.tie': ranked('middle', 0), 'acme.own': ranked('first') },
    'c/b.json': { 'acme.own': ranked('second'), 'acme.higher': ranked('x', 1) },
    'c/c.json': { 'acme.higher': ranked('y', 2) },
  };
  for (const order of [
    ['low', 'high', 'middle'],
    ['middle', 'high', 'low'],
  ] as const) {
    const { node, inForce } = await started(t);
    for (const name of order) await node.install(node.bundle(name, name === 'middle' ? files : {}, bundles[name]));
    const found = (await inForce()) as Record<string, { from: string }>;
    assert.equal(found[PID]!.from, 'high');
    assert.equal(found['acme.tie']!.from, order[0], 'the lowest bundle id');
    assert.deepEqual([found['acme.own']!.from, found['acme.higher']!.from], ['first', 'y']);
  }
});

item(312, async (t) => {
  const { node } = await started(t, { 'acme.other': { a: 1 } });
  const seen: unknown[] = [];
  const other: unknown[] = [];
  await node.reader('other', 'acme.other', { seen: other });
  const events: string[] = [];
  const note = async ({ type, pid }: { type: string; pid: string }) => void events.push(`${type} ${pid}`);
  node.register(ConfigurationListener, { configurationChanged: note });
  const values = { [PID]: { a: 1 }, 'acme.second': { b: 1 } };
  await node.install(node.readerBundle('reader', PID, { seen, policy: 'require', manifest: brings(values) }));
  await turns();
  assert.deepEqual(seen, [{ a: 1 }], 'up once, with it');
  assert.deepEqual(events.splice(0).sort(), [`UPDATED ${PID}`, 'UPDATED acme.second']);
  await node.install(node.bundle('same', {}, brings({ [PID]: { a: 1, ':configurator:ranking': 9 } })));
  await turns();
  assert.deepEqual([seen.length, other.length], [1, 1], 'nobody is started again');
});

item(313, async (t) => {
  const { node, inForce } = await started(t, { 'acme.file': { a: 1 } });
  await node.install(node.bundle('one', {}, brings({ [PID]: { a: 1 } })));
  const before = await inForce();
  const { text } = node;
  await node.restart();
  assert.deepEqual(await inForce(), before);
  assert.equal(node.text, text);
});
