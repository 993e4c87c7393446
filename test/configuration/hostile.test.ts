import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunningNode } from '../support/running-node.js';

test('a schema that contains itself, or refers to itself, is refused in a sentence and nothing changes', async (t) => {
  const node = await RunningNode.start(t, { acme: { a: 1 } });
  const before = node.text;
  const schemas = {
    object: `const schema = { type: 'object', properties: { a: { properties: {} } } }; schema.properties.a.properties.b = schema;`,
    list: `const schema = { anyOf: [] }; schema.anyOf.push({ not: schema });`,
    itself: `const schema = { $ref: '#' };`,
    ring: `const schema = { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { allOf: [{ $ref: '#/$defs/y' }] }, y: { $ref: '#/$defs/x' } } };`,
  };
  for (const [name, schema] of Object.entries(schemas)) {
    const styles = {
      object: `exports.it = component({ name: 'acme', configuration: { schema }, activate() {} });`,
      class: `class It {} require('rackwatt/decorators').Component({ name: 'acme', configuration: { schema } })(It); exports.It = It;`,
    };
    for (const [style, code] of Object.entries(styles)) {
      const main = `const { component } = require('rackwatt'); ${schema} ${code}`;
      const outcome = await node.install(node.bundle(`${name}-${style}`, { 'index.js': main }));
      assert.equal(outcome.applied, false, `${name} ${style}`);
      assert.match(
        outcome.problems.map(({ message }) => message).join('|'),
        /^bundle \S+ 1\.0\.0 did not start: the schema for the configuration of component acme goes round in a circle at \S+$/,
      );
      assert.equal(node.text, before);
      assert.deepEqual(node.node.framework.bundle(`${name}-${style}`), undefined);
    }
  }
});

test('a schema of a tree, whose parts are trees again, is none that goes in a circle', async (t) => {
  const node = await RunningNode.start(t);
  const shared = `const leaf = { type: 'string' };
    const schema = { type: 'object', properties: { name: leaf, other: leaf, children: { type: 'array', items: { $ref: '#' } } } };`;
  const code = `const { component } = require('rackwatt'); ${shared}
    exports.it = component({ name: 'acme', configuration: { schema }, activate() {} });`;
  assert.equal((await node.install(node.bundle('tree', { 'index.js': code }))).applied, true);
  await node.admin.update('acme', { children: [{ children: [{ name: 'deep' }] }] });
  await assert.rejects(node.admin.update('acme', { children: [{ children: [{ name: 1 }] }] }), {
    code: 'CONFIG_INVALID',
    message: /children\[0\]\.children\[0\]\.name must be text/,
  });
});

test('a configuration with __proto__ is refused in a sentence, by whatever way it comes', async (t) => {
  const node = await RunningNode.start(t, { acme: { a: 1 } });
  const before = node.text;
  const polluting = JSON.parse('{ "deep": [{ "__proto__": { "polluted": true } }] }') as Record<string, unknown>;
  const refused = { code: 'CONFIG_INVALID', message: /the key "__proto__" is not allowed; nothing was changed$/ };
  await assert.rejects(node.admin.update('acme', polluting), refused);
  // Authors in JavaScript have no compiler that would refuse these.
  for (const nothing of [null, undefined, [], 'text'])
    await assert.rejects(Reflect.apply(node.admin.update, undefined, ['acme', nothing]), { code: 'CONFIG_INVALID' });
  await assert.rejects(Reflect.apply(node.admin.update, undefined, [1, {}]), { code: 'CONFIG_INVALID' });
  await assert.rejects(node.admin.update('__proto__', { polluted: true }), { code: 'CONFIG_INVALID' });
  for (const path of [
    ['configurations', 'acme', '__proto__', 'polluted'],
    ['configurations', '__proto__', 'polluted'],
    ['__proto__', 'polluted'],
  ]) {
    const outcome = await node.admin.edit([{ path, value: true }]);
    assert.equal(outcome.applied, false, path.join(' '));
  }
  assert.equal(node.text, before);
  assert.deepEqual((await node.admin.configuration('acme')).properties, { a: 1 });
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('a file that is saved with __proto__ in it changes nothing', async (t) => {
  const node = await RunningNode.start(t, { acme: { a: 1 } });
  node.write(node.text.replace('"a": 1', '"__proto__": { "a": 2 }'));
  const { problems } = await node.node.configuration.check();
  assert.deepEqual(
    problems.map(({ message }) => message),
    ['the key "__proto__" is not allowed'],
  );
  assert.deepEqual((await node.admin.configuration('acme')).properties, { a: 1 });
});
