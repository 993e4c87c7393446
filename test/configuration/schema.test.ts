import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { documentSchema, nearest, parseDuration, parseSize, validate, withDefaults } from '../support/configuration.js';

const DEVICE = Type.Object(
  {
    address: Type.String({ minLength: 1 }),
    profile: Type.String({ default: 'auto' }),
    interval: Type.String({ format: 'duration', default: '10 s' }),
    mode: Type.Union([Type.Literal('poll'), Type.Literal('listen')], { default: 'poll' }),
    retries: Type.Integer({ minimum: 0, maximum: 5, default: 1 }),
    credentials: Type.Optional(
      Type.Union([
        Type.String(),
        Type.Object(
          { user: Type.String(), authKey: Type.Optional(Type.String({ minLength: 8 })) },
          { additionalProperties: false },
        ),
      ]),
    ),
    location: Type.Object(
      {
        site: Type.Optional(Type.String()),
        rack: Type.String({ default: 'R0' }),
        feed: Type.Optional(Type.Enum(['A', 'B'])),
      },
      { additionalProperties: false, default: {} },
    ),
    oids: Type.Optional(
      Type.Array(Type.String({ pattern: '^[0-9.]+$', examples: ['1.3.6.1'] }), { maxItems: 2, uniqueItems: true }),
    ),
  },
  { additionalProperties: false },
);

async function mistakesIn(schema: object, configuration: Record<string, unknown>): Promise<string[]> {
  const { mistakes } = await validate(schema, configuration);
  return mistakes.map(({ pointer, message }) => `${pointer}: ${message}`).sort();
}

test('defaults are filled in, deep, and what was given stays', async () => {
  const given = { address: 'snmp://x', location: { site: 'FRA1' } };
  const { value, mistakes } = await validate(DEVICE, given);
  assert.deepEqual(mistakes, []);
  assert.deepEqual(value, {
    address: 'snmp://x',
    profile: 'auto',
    interval: '10 s',
    mode: 'poll',
    retries: 1,
    location: { site: 'FRA1', rack: 'R0' },
  });
  assert.deepEqual(given, { address: 'snmp://x', location: { site: 'FRA1' } }, 'the argument is left alone');
});

test('a schema that went through JSON fills in the same', async () => {
  assert.deepEqual(
    withDefaults(JSON.parse(JSON.stringify(DEVICE)), { address: 'x' }),
    withDefaults(DEVICE, { address: 'x' }),
  );
  const forms = {
    anyOf: [
      { properties: { kind: { const: 'a' }, port: { default: 1 } } },
      { properties: { kind: { const: 'b' }, port: { default: 2 } } },
    ],
  };
  assert.deepEqual(withDefaults(forms, { kind: 'b' }), { kind: 'b', port: 2 });
  const recursive = {
    $defs: { node: { type: 'object', properties: { on: { default: true }, next: { $ref: '#/$defs/node' } } } },
    $ref: '#/$defs/node',
  };
  assert.deepEqual(withDefaults(recursive, { next: { next: {} } }), {
    on: true,
    next: { on: true, next: { on: true } },
  });
  assert.deepEqual(
    withDefaults({ patternProperties: { '^p': { properties: { n: { default: 1 } } } } }, { p1: {}, q: {} }),
    { p1: { n: 1 }, q: {} },
  );
});

test('everything that is wrong is said at once, in words, each at its place', async () => {
  assert.deepEqual(
    await mistakesIn(DEVICE, {
      intervall: '10 s',
      interval: 'soon',
      mode: 'push',
      retries: 9,
      credentials: 3,
      location: { rack: 7, feed: 'C', zz: 1 },
      oids: ['1.3', 'x', '1.3'],
    }),
    [
      '/credentials: credentials must be text or an object',
      '/interval: interval must be a duration such as "10 s"',
      '/intervall: intervall is no known key; did you mean "interval"?',
      '/location/feed: location.feed must be one of "A", "B"',
      '/location/rack: location.rack must be text',
      '/location/zz: location.zz is no known key; known are site, rack, feed',
      '/mode: mode must be one of "poll", "listen"',
      '/oids/1: oids[1] must look like "1.3.6.1"',
      '/oids: oids must have at most 2 entries',
      '/oids: oids must not have the same entry twice',
      '/retries: retries must be at most 5',
      ': address is missing',
    ],
  );
});

test('of several forms the one that was meant is explained', async () => {
  assert.deepEqual(await mistakesIn(DEVICE, { address: 'x', credentials: { user: 'u', authKey: 'short' } }), [
    '/credentials/authKey: credentials.authKey must have at least 8 characters',
  ]);
  const kinds = Type.Object({
    out: Type.Union([
      Type.Object({ kind: Type.Literal('file'), path: Type.String() }),
      Type.Object({ kind: Type.Literal('mqtt'), url: Type.String({ format: 'uri' }) }),
    ]),
  });
  assert.deepEqual(await mistakesIn(kinds, { out: { kind: 'mqtt', url: ' ' } }), [
    '/out/url: out.url must be a URL such as "https://host:443/path"',
  ]);
  assert.deepEqual(await mistakesIn(kinds, { out: { kind: 'ftp' } }), [
    '/out/kind: out.kind must be one of "file", "mqtt"',
  ]);
  assert.deepEqual(await mistakesIn(kinds, { out: [] }), ['/out: out must be an object']);
  assert.deepEqual(await mistakesIn({ type: 'object', properties: { a: { type: ['integer', 'null'] } } }, { a: 'x' }), [
    '/a: a must be a whole number or null',
  ]);
  assert.deepEqual(
    await mistakesIn(
      {
        type: 'object',
        properties: { a: { $ref: '#/$defs/port' } },
        $defs: { port: { type: 'integer', maximum: 65535 } },
      },
      { a: 70000 },
    ),
    ['/a: a must be at most 65535'],
  );
});

test('a secret may stand wherever a value is wanted, and nowhere else', async () => {
  const { value, mistakes, secrets } = await validate(DEVICE, {
    address: { $secret: 'where' },
    credentials: { user: 'u', authKey: { $secret: 'key' } },
    interval: { $secret: 'often' },
    location: { $secret: 'place' },
  });
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    secrets.map(({ pointer, name }) => `${pointer} ${name}`),
    ['/address where', '/credentials/authKey key', '/interval often', '/location place'],
  );
  assert.deepEqual(value, {
    address: { $secret: 'where' },
    profile: 'auto',
    interval: { $secret: 'often' },
    mode: 'poll',
    retries: 1,
    credentials: { user: 'u', authKey: { $secret: 'key' } },
    location: { $secret: 'place' },
  });
  assert.deepEqual(
    await mistakesIn(DEVICE, {
      address: { $secret: 'a' },
      retries: 'x',
      speed: { $secret: 'b' },
      oids: [{ $secret: 'c' }, 'x'],
    }),
    [
      '/oids/1: oids[1] must look like "1.3.6.1"',
      '/retries: retries must be a whole number',
      '/speed: speed is no known key; known are address, profile, interval, mode, retries, credentials, location, oids',
    ],
  );
  assert.deepEqual(await mistakesIn(DEVICE, { address: { $secret: '../x' } }), [
    '/address: address must be {"$secret": "name"} and nothing else; a name has letters, digits, dots, dashes and underscores',
  ]);
  assert.deepEqual(await mistakesIn(DEVICE, { $secret: 'x' }), [
    ': a configuration as a whole cannot be a secret; put the secret in one of its keys',
  ]);
});

test('no sentence repeats the value, which may be a secret in clear', async () => {
  const clear = 'hunter2-in-clear';
  const { mistakes } = await validate(DEVICE, {
    address: '',
    profile: 5,
    interval: clear,
    mode: clear,
    retries: clear,
    credentials: [clear],
    location: { rack: 1, feed: clear },
    oids: [clear],
  });
  assert.ok(mistakes.length >= 7);
  assert.ok(!JSON.stringify(mistakes).includes(clear));
});

test('an open schema takes any key, and what looks misspelt is a warning', async () => {
  const open = Type.Object({
    interval: Type.Optional(Type.String()),
    nested: Type.Optional(Type.Object({ timeout: Type.Optional(Type.Number()) })),
  });
  const { mistakes, warnings } = await validate(open, { intervall: '5 s', colour: 'red', nested: { timeuot: 3 } });
  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['intervall is no known key; did you mean "interval"?', 'nested.timeuot is no known key; did you mean "timeout"?'],
  );
});

test('filters and minima of references are for the container, not for the schema', async () => {
  const forReferences = { 'driver.target': '(scheme=snmp)', 'driver.cardinality.minimum': 2 };
  const { value, mistakes } = await validate(DEVICE, { address: 'x', ...forReferences });
  assert.deepEqual(mistakes, []);
  assert.equal(value['driver.target'], '(scheme=snmp)');
  assert.equal(value['driver.cardinality.minimum'], 2);
});

test('a schema that is broken itself is a sentence, not a crash', async () => {
  assert.match(
    (await mistakesIn({ type: 'object', properties: { a: { pattern: '(' } } }, { a: 'x' })).join(),
    /its schema cannot be used/,
  );
});

test('schemas can be forgotten once their bundle is', async () => {
  const reference = await (async () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { $ref: '#/$defs/b' } },
      $defs: { b: { type: 'number' } },
    };
    await validate(schema, { a: 'x' });
    await validate(schema, { a: { $secret: 'x' }, b: 'wrong' });
    return new WeakRef(schema);
  })();
  for (let turn = 0; turn < 20 && reference.deref() !== undefined; turn += 1) {
    await new Promise((done) => setTimeout(done, 5));
    globalThis.gc?.();
  }
  assert.equal(reference.deref(), undefined);
});

test('durations', () => {
  assert.deepEqual(
    ['500 ms', '10 s', '1.5 s', '1 min', '2 h', '1 d', '0 s', '10s'].map(parseDuration),
    [500, 10_000, 1500, 60_000, 7_200_000, 86_400_000, 0, 10_000],
  );
  for (const wrong of [
    '',
    '10',
    's',
    '10 m',
    '-1 s',
    '1e3 s',
    '10  s',
    ' 10 s',
    '10 S',
    '999999999999999 d',
    '1 s\n',
  ]) {
    assert.throws(() => parseDuration(wrong), { code: 'DURATION_INVALID' }, wrong);
  }
});

test('the nearest known word is the one that was meant, or none', () => {
  assert.equal(nearest('adress', ['address', 'profile']), 'address');
  assert.equal(nearest('tiemout', ['timeout', 'interval']), 'timeout');
  assert.equal(nearest('Interval', ['interval']), 'interval');
  assert.equal(nearest('colour', ['address', 'profile']), undefined);
});

test('sizes are a number and a unit', () => {
  assert.deepEqual(['64 MB', '1.5 GB', '512kB'].map(parseSize), [67_108_864, 1_610_612_736, 524_288]);
  for (const wrong of ['64', '64 mb', 'MB', '-1 MB', '64  MB', '1e3 MB'])
    assert.throws(() => parseSize(wrong), { code: 'SIZE_INVALID' }, wrong);
});

test('isolation is a word, or an object with limits, and mistakes in it are named', async () => {
  const mistakes = async (isolation: unknown): Promise<string[]> =>
    (await validate(documentSchema, { id: 'x', bundles: [{ id: 'link:./a', isolation }] })).mistakes.map(
      ({ message }) => message,
    );
  for (const right of ['space', 'worker', 'process', { kind: 'worker' }, { kind: 'process', memory: '1 GB' }])
    assert.deepEqual(await mistakes(right), []);
  const at = 'bundles[0].isolation';
  for (const [wrong, message] of [
    ['thread', `${at} must be "space", "worker", "process" or an object`],
    [{ kind: 'worker', heap: '64' }, `${at}.heap must be a size such as "64 MB"`],
    [{ kind: 'worker', heartbeat: 'soon' }, `${at}.heartbeat must be a duration such as "10 s"`],
    [{ kind: 'worker', hepa: '64 MB' }, `${at}.hepa is no known key; did you mean "heap"?`],
    [{ heap: '64 MB' }, `${at}.kind is missing`],
  ] as const)
    assert.deepEqual(await mistakes(wrong), [message]);
});
