import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CommandInput } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { device, type Node, run } from './command.js';

function file(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), 'devices.csv');
  writeFileSync(path, text);
  return path;
}

const imported = (t: TestContext, text: string, node: Node = {}, options: CommandInput['options'] = {}) =>
  run(device, ['import', file(t, text)], options, node);

/** What is said of a file that is refused, without the path. */
async function problems(t: TestContext, text: string, node: Node = {}, options: CommandInput['options'] = {}) {
  const path = file(t, text);
  const failure = await run(device, ['import', path], options, node).then(
    () => assert.fail('it was taken'),
    (error: Error & { told: { stderr: string; edits: unknown[] } }) => error,
  );
  assert.deepEqual(failure.told.edits, []);
  return failure.told.stderr.replaceAll(`${path}:`, '').trimEnd().split('\n');
}

test('all devices of a file are added in one change', async (t) => {
  const text =
    '\uFEFFname,address,rack,credentials-secret,serial\r\na,snmp://192.0.2.1,"R ""1"", left",,X1\r\n\r\nb,snmp://192.0.2.2,R2,s,=1\r\n';
  const { edits, stdout } = await imported(t, text, { secrets: ['s'] });
  assert.deepEqual(
    edits.map(({ value }) => value),
    [
      { address: 'snmp://192.0.2.1', location: { rack: 'R "1", left' } },
      { address: 'snmp://192.0.2.2', credentials: { $secret: 's' }, location: { rack: 'R2' } },
    ],
  );
  assert.equal(stdout, 'added 2 devices\n');
});

test('every problem is said with its line, also behind line breaks in quotes, and nothing is changed', async (t) => {
  const text = `name,address,profile,interval,retries,credentials-secret,room
a,snmp://192.0.2.1,auto,10 s,1,s,"Hall
one"
b c,192.0.2.2,apc-rpdu9,often,many,no,
d,snmp://192.0.2.3:0,auto,1 ms,11,s,"Hall
two",
a,snmp://192.0.2.4,auto,10 s,,s,
,snmp://192.0.2.5,,,,,
e,snmp://192.0.2.1:161,,,,,
there,snmp://192.0.2.6,,,,,
f,snmp://192.0.2.9,,,,,
g,,,,,,
`;
  const there = {
    'rackwatt.device~there': { address: 'snmp://192.0.2.8' },
    'rackwatt.device~other': { address: 'snmp://192.0.2.9' },
  };
  assert.deepEqual(await problems(t, text, { secrets: ['s'], configurations: there }), [
    '4: name: "b c" cannot name a device; use up to 64 letters, digits, dots, dashes and underscores.',
    '4: address: "192.0.2.2" is no address; write such as "snmp://192.0.2.7".',
    '4: interval: "often" is no duration; write a number and ms, s, min, h or d, such as "10 s"',
    '4: retries: Retries are a whole number, not "many".',
    '4: credentials-secret: There is no secret "no"; store it first: rackwatt secret set no',
    '5: there are 8 cells for 7 columns',
    '5: address: "snmp://192.0.2.3:0" is no address; write such as "snmp://192.0.2.7".',
    '5: interval: An interval of "1 ms" is outside "100 ms" to "1 d".',
    '5: retries: Retries are 10 at most, not 11.',
    '7: name: "a" stands in line 2 already.',
    '8: name: "" cannot name a device; use up to 64 letters, digits, dots, dashes and underscores.',
    '9: address: snmp://192.0.2.1:161 is the address of "a" in line 2.',
    '10: name: "there" is configured already; --update changes it.',
    '11: address: snmp://192.0.2.9 is the address of "other" in the configuration.',
    '12: address: Device "g" has no address; write such as snmp://192.0.2.7.',
  ]);
});

test('a profile that there is not is found, one of the site is not', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'own.json'), '{"title":"x","name":"acme-own"}');
  const configurations = { 'rackwatt.driver.snmp': { profiles: folder } };
  const text =
    'name,address,profile\na,snmp://h1,apc-rpdu2\nb,snmp://h2,acme-own\nc,snmp://h3,apc-rpdu9\nd,other://h4,whatever\n';
  assert.deepEqual(await problems(t, text, { configurations }), [
    '4: profile: There is no profile "apc-rpdu9"; "rackwatt profile list" shows those that there are.',
  ]);
});

test('what is no list of devices is one sentence', async (t) => {
  for (const [text, message] of [
    ['name;address;color\n', /"color" is none/],
    ['name,address,name\n', /"name" stands there twice/],
    ['name,rack\n', /the first line names the columns/],
    ['name;address\na;snmp://x\nb;"snmp://y\n', /ends inside quotes that are opened in line 3/],
  ] as [string, RegExp][])
    await assert.rejects(imported(t, text), { code: 'DEVICE_SETTINGS_INVALID', message });
  await assert.rejects(run(device, ['import', '/nowhere.csv'], {}), { message: /Cannot read \/nowhere\.csv/ });
  assert.deepEqual(await problems(t, 'name,address\n"a"b,snmp://x\n'), [
    '2: "b" stands behind a closing quote; write "" for a quote',
  ]);
});

test('a dry run says what would be done, and does nothing', async (t) => {
  const text = `name,address,site,rack,feed
r1-a,snmp://h1,FRA1,R1,A
r1-b,snmp://h2,FRA1,R1,B
r2-a,snmp://h3,FRA1,R2,A
r3,snmp://h4,FRA1,R3,
loose,snmp://h5,,,
`;
  const { edits, stdout } = await imported(t, text, {}, { dryRun: true });
  assert.deepEqual(edits, []);
  assert.equal(
    stdout,
    `would add 5 devices
  3 racks: 1 with feed A, 1 with feeds A and B, 1 with no feed named
  1 device without a rack
`,
  );
});

test('with --update a filled cell replaces what is configured, and an empty one leaves it', async (t) => {
  const configurations = {
    'rackwatt.device~a': { address: 'snmp://h1', interval: '10 s', location: { rack: 'R1', feed: 'A' } },
    'rackwatt.device~b': { address: 'snmp://h2' },
    'rackwatt.device~c': { address: 'snmp://h3', credentials: 'clear' },
  };
  const text = `name,address,interval,rack,feed,credentials-secret
a,snmp://h2,,,B,
b,snmp://h1,30 s,R2,,
c,snmp://h3,,,,s
d,snmp://h4,,,,
`;
  const node = { configurations, secrets: ['s'] };
  const { edits, stdout } = await imported(t, text, node, { update: true });
  assert.deepEqual(edits, [
    { path: ['configurations', 'rackwatt.device~a', 'address'], value: 'snmp://h2' },
    { path: ['configurations', 'rackwatt.device~a', 'location', 'feed'], value: 'B' },
    { path: ['configurations', 'rackwatt.device~b', 'location'], value: { rack: 'R2' } },
    { path: ['configurations', 'rackwatt.device~b', 'address'], value: 'snmp://h1' },
    { path: ['configurations', 'rackwatt.device~b', 'interval'], value: '30 s' },
    { path: ['configurations', 'rackwatt.device~c', 'credentials'], value: { $secret: 's' } },
    { path: ['configurations', 'rackwatt.device~d'], value: { address: 'snmp://h4' } },
  ]);
  assert.match(stdout, /^added 1 device, changed 3\n {2}a: address snmp:\/\/h1 -> snmp:\/\/h2, feed A -> B\n/);
  assert.doesNotMatch(stdout, /clear/);
  const again = await imported(t, 'name,address,feed\na,,A\n', node, { update: true, json: true });
  assert.deepEqual(again.edits, []);
  assert.deepEqual(JSON.parse(again.stdout), { applied: true, added: [], changed: [], unchanged: ['a'], problems: [] });
  assert.deepEqual(await problems(t, 'name,address\na,snmp://h3\n', node, { update: true }), [
    '2: address: snmp://h3 is the address of "c" in the configuration.',
  ]);
});
