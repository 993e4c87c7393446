import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { MetaType, MetaTypeProvider } from 'rackwatt';
import { RunningNode } from '../support/running-node.js';
import { item } from './item.js';

const NAMED = { rackwatt: { metatype: ['./metatype'] } };

/** A node with a bundle that has files of definitions, and the service that knows them. */
async function withFiles(t: TestContext, files: Record<string, string | object>) {
  const node = await RunningNode.start(t);
  const inFolder = Object.fromEntries(Object.entries(files).map(([name, file]) => [`metatype/${name}`, file]));
  const bundle = node.bundle('acme', inFolder, NAMED);
  await node.install(bundle);
  const metatype = node.registry.get({ id: 900, name: 'outside' }, node.registry.reference(MetaType)!)!;
  return { node, bundle, metatype };
}

/** A file that defines one PID. */
const defines = (pid: string, properties: object, more: object = {}) => ({
  definitions: [{ pid, schema: { type: 'object', properties, ...more } }],
});

item(273, async (t) => {
  const { node, bundle, metatype } = await withFiles(t, {
    'a.json': defines('acme.meter', { a: { type: 'string' } }, { title: 'Meter', description: 'One meter' }),
    'b.json': { definitions: [{ factoryPid: 'acme.device', schema: { properties: { b: {} } } }] },
    'c.txt': 'no definitions',
  });
  assert.deepEqual(await metatype.pids('acme'), { pids: ['acme.meter'], factoryPids: ['acme.device'], locales: [] });
  const meter = await metatype.definition('acme', 'acme.meter');
  assert.deepEqual(
    [meter.pid, meter.isFactory, meter.bundle, meter.name, meter.description, meter.attributes.map(({ id }) => id)],
    ['acme.meter', false, 'acme', 'Meter', 'One meter', ['a']],
  );
  assert.equal((await metatype.definition('acme', 'acme.device')).isFactory, true);
  const code = `const { component } = require('rackwatt');
    const schema = { type: 'object', properties: { c: { type: 'integer' } } };
    exports.single = component({ name: 'acme.single', configuration: { schema }, activate() {} });
    exports.many = component({ name: 'acme.many', configuration: { schema, policy: 'require' }, activate() {} });`;
  await node.install(node.bundle('components', { 'index.js': code }));
  assert.deepEqual(await metatype.pids('components'), {
    pids: ['acme.single'],
    factoryPids: ['acme.many'],
    locales: [],
  });
  const [attribute] = (await metatype.definition('components', 'acme.many')).attributes;
  assert.deepEqual([attribute?.id, attribute?.type], ['c', 'integer']);
  await assert.rejects(metatype.definition('acme', 'acme.many'), { code: 'METATYPE_UNKNOWN' });
  await assert.rejects(metatype.pids('nobody'), { code: 'BUNDLE_UNKNOWN' });
  await node.uninstall(bundle);
  await assert.rejects(metatype.pids('acme'), { code: 'BUNDLE_UNKNOWN' });
});

item(274, async (t) => {
  const properties = {
    text: { type: 'string', title: 'Text', description: 'Some text', minLength: 1, maxLength: 9, default: 'x' },
    secret: { type: 'string', writeOnly: true },
    number: { type: 'number', minimum: 0.5 },
    integer: { type: 'integer', maximum: 5 },
    flag: { type: 'boolean', default: false },
    list: { type: 'array', items: { $ref: '#/$defs/rack' }, maxItems: 3, title: 'Racks' },
    phase: { enum: ['L1', 'L2'] },
    feed: {
      oneOf: [
        { const: 'A', title: 'Feed A' },
        { const: 'B', title: 'Feed B' },
      ],
    },
    object: { type: 'object' },
  };
  const more = { required: ['text'], $defs: { rack: { type: 'string', maxLength: 4 } } };
  const { metatype } = await withFiles(t, { 'a.json': defines('acme.meter', properties, more) });
  const { attributes } = await metatype.definition('acme', 'acme.meter');
  const plain = { isList: false, required: false };
  assert.deepEqual(attributes, [
    {
      id: 'text',
      name: 'Text',
      description: 'Some text',
      type: 'string',
      isList: false,
      required: true,
      default: 'x',
      minimum: 1,
      maximum: 9,
    },
    { id: 'secret', name: 'secret', type: 'password', ...plain },
    { id: 'number', name: 'number', type: 'number', ...plain, minimum: 0.5 },
    { id: 'integer', name: 'integer', type: 'integer', ...plain, maximum: 5 },
    { id: 'flag', name: 'flag', type: 'boolean', ...plain, default: false },
    { id: 'list', name: 'Racks', type: 'string', isList: true, most: 3, required: false, maximum: 4 },
    {
      id: 'phase',
      name: 'phase',
      type: 'string',
      ...plain,
      options: [
        { value: 'L1', label: 'L1' },
        { value: 'L2', label: 'L2' },
      ],
    },
    {
      id: 'feed',
      name: 'feed',
      type: 'string',
      ...plain,
      options: [
        { value: 'A', label: 'Feed A' },
        { value: 'B', label: 'Feed B' },
      ],
    },
    { id: 'object', name: 'object', type: 'object', ...plain },
  ]);
});

/** Whether each value of an attribute is right. */
async function judged(t: TestContext, schema: object, values: readonly unknown[]): Promise<boolean[]> {
  const { metatype } = await withFiles(t, { 'a.json': defines('acme.meter', { it: schema }) });
  const verdicts = await Promise.all(values.map((value) => metatype.validate('acme', 'acme.meter', 'it', value)));
  return verdicts.map((verdict) => verdict === '');
}

item(275, async (t) => {
  const properties = {
    interval: { type: 'string', format: 'duration' },
    racks: { type: 'array', items: { type: 'string', minLength: 2 }, maxItems: 2 },
    free: {},
  };
  const more = { required: ['other'], additionalProperties: false };
  const { metatype } = await withFiles(t, { 'a.json': defines('acme.meter', properties, more) });
  const validate = (id: string, value: unknown) => metatype.validate('acme', 'acme.meter', id, value);
  assert.equal(await validate('interval', '10 s'), '');
  assert.match((await validate('interval', 'soon'))!, /interval must be a duration such as "10 s"/);
  assert.match((await validate('interval', undefined))!, /interval/);
  assert.equal(await validate('unheard', 'x'), undefined);
  assert.equal(await validate('free', { any: 'thing' }), '');
  assert.equal(await validate('racks', ['R1', 'R, 2']), '', 'a list is a list of JSON: no comma needs an escape');
  assert.match((await validate('racks', ['R1', 'x']))!, /racks\[1\] must have at least 2 characters/);
  assert.match((await validate('racks', ['R1', 'R2', 'R3']))!, /racks must have at most 2 entries/);
  await assert.rejects(metatype.validate('acme', 'acme.none', 'x', 1), { code: 'METATYPE_UNKNOWN' });
});

item(276, async (t) => {
  const text = { type: 'string', minLength: 2, maxLength: 3 };
  assert.deepEqual(await judged(t, text, ['a', 'ab', 'abc', 'abcd']), [false, true, true, false]);
  const password = { ...text, writeOnly: true };
  assert.deepEqual(await judged(t, password, ['a', 'ab', 'abc', 'abcd']), [false, true, true, false]);
  const number = { type: 'number', minimum: 2, maximum: 3 };
  assert.deepEqual(await judged(t, number, [1.9, 2, 2.5, 3, 3.1, '2']), [false, true, true, true, false, false]);
  assert.deepEqual(await judged(t, { type: 'integer', minimum: -1 }, [-2, -1, 0.5, 100]), [false, true, false, true]);
  assert.deepEqual(await judged(t, { type: 'integer', maximum: 1 }, [-2, 1, 2]), [true, true, false]);
});

item(277, async (t) => {
  assert.deepEqual(await judged(t, { enum: ['L1', 'L2', 3] }, ['L1', 3, 'L3', '3', '']), [
    true,
    true,
    false,
    false,
    false,
  ]);
  const named = { oneOf: [{ const: 'A', title: 'Feed A' }, { const: 'B' }] };
  assert.deepEqual(await judged(t, named, ['A', 'B', 'Feed A', 'C']), [true, true, false, false]);
});

item(278, async (t) => {
  const properties = {
    interval: { type: 'string', title: '%interval', description: '%why' },
    plain: { title: '100 %' },
  };
  const { metatype } = await withFiles(t, {
    'a.json': {
      ...defines('acme.meter', properties, { title: '%meter' }),
      texts: {
        default: { meter: 'Meter', interval: 'Interval', why: 'Time between two reads' },
        de: { meter: 'Zähler', interval: 'Abstand' },
      },
    },
    'b.json': { texts: { 'de-CH': { meter: 'Zähler (CH)' } } },
  });
  assert.deepEqual((await metatype.pids('acme')).locales, ['de', 'de-CH']);
  const texts = async (locale?: string): Promise<(string | undefined)[]> => {
    const { name, attributes, schema } = await metatype.definition('acme', 'acme.meter', locale);
    assert.equal(Reflect.get(schema, 'title'), name);
    return [name, attributes[0]?.name, attributes[0]?.description, attributes[1]?.name];
  };
  const why = 'Time between two reads';
  assert.deepEqual(await texts(), ['Meter', 'Interval', why, '100 %']);
  assert.deepEqual(await texts('de'), ['Zähler', 'Abstand', why, '100 %']);
  assert.deepEqual(await texts('de-CH'), ['Zähler (CH)', 'Abstand', why, '100 %']);
  assert.deepEqual(await texts('de_AT'), ['Zähler', 'Abstand', why, '100 %']);
  assert.deepEqual(await texts('fr-FR'), ['Meter', 'Interval', why, '100 %']);
});

item(279, async (t) => {
  const node = await RunningNode.start(t);
  const context = await node.context('acme');
  const metatype = node.registry.get({ id: 900, name: 'outside' }, node.registry.reference(MetaType)!)!;
  const provider: MetaTypeProvider = {
    definition: async (pid, locale) => ({ title: `${pid} ${locale ?? '-'}`, properties: { a: { type: 'string' } } }),
    locales: async () => ['de'],
  };
  const properties = { 'metatype.pid': ['acme.one', 'acme.two'], 'metatype.factory.pid': 'acme.many' };
  const registration = context.register(MetaTypeProvider, provider, properties);
  assert.deepEqual(await metatype.pids('acme'), {
    pids: ['acme.one', 'acme.two'],
    factoryPids: ['acme.many'],
    locales: ['de'],
  });
  const { name, isFactory } = await metatype.definition('acme', 'acme.many', 'de');
  assert.deepEqual([name, isFactory], ['acme.many de', true]);
  assert.match((await metatype.validate('acme', 'acme.one', 'a', 1))!, /a must be text/);
  registration.unregister();
  assert.deepEqual((await metatype.pids('acme')).pids, []);
  await assert.rejects(metatype.definition('acme', 'acme.one'), { code: 'METATYPE_UNKNOWN' });
});

item(280, async (t) => {
  const circle = {
    properties: { a: { $ref: '#/$defs/one' } },
    $defs: { one: { $ref: '#/$defs/two' }, two: { $ref: '#/$defs/one' } },
  };
  const { node, metatype } = await withFiles(t, {
    '1.json': '{ "definitions": [',
    '2.json': '{ "definitions": [], "__proto__": {} }',
    '3.json': { definitions: [{ schema: {} }] },
    '4.json': { definitions: [{ pid: 'acme.four' }] },
    '5.json': { definitions: [{ pid: 'acme.circle', schema: circle }] },
    '6.json': { definitions: {} },
    '7.json': { texts: { de: 'Deutsch' } },
    '8.json': defines('acme.fine', { a: {} }),
  });
  assert.deepEqual(await metatype.pids('acme'), { pids: ['acme.fine'], factoryPids: [], locales: [] });
  const log = node.lines.join('\n');
  for (const sentence of [
    /definitions of acme, metatype\/1\.json: 1:\d+: .*; it is left out/,
    /metatype\/2\.json: 1:\d+: the key "__proto__" is not allowed/,
    /metatype\/3\.json: definitions\[0\] must have a "pid" or a "factoryPid"/,
    /metatype\/4\.json: definitions\[0\] must have a JSON Schema as its "schema"/,
    /metatype\/5\.json: the schema of acme\.circle goes round in a circle at \S*\$ref/,
    /metatype\/6\.json: "definitions" must be a list/,
    /metatype\/7\.json: "texts" must have an object of texts/,
  ])
    assert.match(log, sentence);
});

item(281, async (t) => {
  const extensions = { 'x-icon': { file: './meter.svg', size: 32 }, 'x-order': ['a'] };
  const properties = { a: { type: 'string', 'x-unit': 'W' } };
  const { metatype, node } = await withFiles(t, { 'a.json': defines('acme.meter', properties, extensions) });
  const { schema } = await metatype.definition('acme', 'acme.meter', 'de');
  assert.deepEqual(schema, { type: 'object', properties, ...extensions });
  await node.admin.update('acme.meter', { a: 'x' });
});

item(282, async (t) => {
  const schema = { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, additionalProperties: false };
  const { node } = await withFiles(t, {
    'a.json': {
      definitions: [
        { pid: 'acme.meter', schema },
        { factoryPid: 'acme.device', schema },
      ],
    },
  });
  const schemas = await node.admin.schemas();
  assert.deepEqual(schemas.find(({ pid }) => pid === 'acme.meter')?.schema, schema);
  for (const pid of ['acme.meter', 'acme.device~x', 'acme.meter|acme']) {
    await assert.rejects(node.admin.update(pid, { a: 0 }), { code: 'CONFIG_INVALID', message: /a must be at least 1/ });
    await assert.rejects(node.admin.update(pid, { b: 1 }), { code: 'CONFIG_INVALID' });
    assert.equal(pid in node.document.configurations, false);
    await node.admin.update(pid, { a: 1 });
  }
  await node.admin.update('acme.meter|somebody-else', { b: 1 });
});
