import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Command, type CommandInput, RackwattError } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { network } from './network.js';
import { raritan, system } from './support.js';

const require = createRequire(import.meta.url);
const discover = (require('@rackwatt/driver-snmp/dist/commands/discover.js') as { default: Command }).default;

interface Home {
  folder?: string;
  configurations?: Record<string, unknown>;
  secrets?: Record<string, string>;
  /** What the running node says of its devices; without it none runs. */
  status?: unknown;
  signal?: AbortSignal;
}

async function run(ranges: string[], options: CommandInput['options'], home: Home = {}) {
  const told = { stdout: '', stderr: '', status: 0 as number | void };
  const input = {
    arguments: ranges,
    options: { timeout: '300', ...options },
    stdout: { write: (text: string) => void (told.stdout += text) },
    stderr: { write: (text: string) => void (told.stderr += text) },
    signal: home.signal ?? new AbortController().signal,
    home: home.folder ?? '/nowhere',
    file: join(home.folder ?? '/nowhere', 'runtime.config.json'),
    call: async () => {
      if (home.status === undefined) throw new RackwattError('NODE_NOT_RUNNING', 'No node runs.');
      return home.status;
    },
    configuration: { read: async () => ({ document: { configurations: home.configurations } }) },
    secrets: {
      resolve: async ({ credentials: { $secret: name } }: { credentials: { $secret: string } }) => {
        const value = home.secrets?.[name];
        if (value === undefined) throw new RackwattError('SECRET_MISSING', `There is no secret "${name}".`);
        return { credentials: value };
      },
    },
  } as unknown as CommandInput;
  told.status = await discover.run!(input);
  return told;
}

const px = (serial: string, name = '') =>
  raritan(1).replace('SER1', serial) + (name ? `1.3.6.1.4.1.13742.6.3.2.2.1.13.1|4|${name}\n` : '');

test('a line a device in the order of addresses, and how many there are', async (t) => {
  const { port } = await network(t, {
    '127.0.9.10': { recording: px('B') },
    '127.0.9.9': { recording: px('A') },
    '127.0.9.11': { recording: system('1.3.6.1.4.1.9999.1', 'a printer') },
  });
  const { stdout, stderr, status } = await run([`127.0.9.8-12:${port}`], {});
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
    [
      ['ADDRESS', 'STATE', 'DEVICE', 'PROFILE', 'SECRET'],
      [`snmp://127.0.9.9:${port}`, 'recognised', 'Raritan PX3-TEST A', 'raritan-px', 'new: px3-test-a'],
      [`snmp://127.0.9.10:${port}`, 'recognised', 'Raritan PX3-TEST B', 'raritan-px', 'new: px3-test-b'],
      [`snmp://127.0.9.11:${port}`, 'unknown', '1.3.6.1.4.1.9999.1 "a printer"'],
    ],
  );
  assert.match(stderr, /3 found, 2 recognised, 0 refused, 1 unknown \(0 silent, 2 without an agent\)\n$/);
  assert.equal(status, 0);
});

test('secrets are tried by name and never printed, and those that took are proposed', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'runtime.config.json'), '{}');
  const { port } = await network(t, {
    '127.0.9.1': { recording: px('A', 'rack 1 A'), communities: ['s3cret'] },
    '127.0.9.2': { recording: px('B'), communities: [], users: [{ user: 'watt', authKey: 'authentic-key' }] },
    '127.0.9.3': { recording: px('C'), communities: ['s3cret'] },
    '127.0.9.4': { recording: px('D'), communities: ['s3cret'] },
    '127.0.9.5': { recording: px('D'), communities: ['s3cret'] },
  });
  const file = join(folder, 'found.csv');
  const home: Home = {
    folder,
    secrets: { community: 's3cret', user: '{"user":"watt","authKey":"authentic-key"}' },
    configurations: {
      'rackwatt.device~c': { address: `snmp://127.0.9.3:${port}` },
      'rackwatt.device~d': { address: 'snmp://10.9.9.9' },
      'rackwatt.outbox': {},
    },
    status: [{ device: 'd', identity: { vendor: 'Raritan', serial: 'D' } }],
  };
  const options = { credentialsSecret: ['community', 'user'], json: true, propose: file };
  const { stdout, stderr } = await run([`127.0.9.1-5:${port}`], options, home);
  const { devices } = JSON.parse(stdout) as { devices: Record<string, unknown>[] };
  assert.deepEqual(
    devices.map(({ name, standing, credentialsSecret, at }) => [name, standing, credentialsSecret, at]),
    [
      ['rack-1-a', 'new', 'community', undefined],
      ['px3-test-b', 'new', 'user', undefined],
      ['c', 'configured', 'community', undefined],
      ['d', 'moved', 'community', 'snmp://10.9.9.9'],
      ['d', 'moved', 'community', 'snmp://10.9.9.9'],
    ],
  );
  assert.doesNotMatch(stdout + stderr, /s3cret|authentic/);
  assert.deepEqual(readFileSync(file, 'utf8').split('\r\n'), [
    'name,address,profile,credentials-secret,site,room,row,rack,unit,feed,vendor,model,serial',
    `rack-1-a,snmp://127.0.9.1:${port},raritan-px,community,,,,,,,Raritan,PX3-TEST,A`,
    `px3-test-b,snmp://127.0.9.2:${port},raritan-px,user,,,,,,,Raritan,PX3-TEST,B`,
    '',
  ]);
  await assert.rejects(run(['127.0.9.1'], { propose: file }), { code: 'DISCOVERY_FILE_EXISTS' });
  await assert.rejects(run(['127.0.9.1'], { credentialsSecret: ['no'] }), { code: 'SECRET_MISSING' });
});

test('stopped with Ctrl-C, it prints what it found so far', async (t) => {
  const { port } = await network(t, { '127.0.9.1': { recording: px('A') } });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 400);
  const { stdout, stderr, status } = await run([`127.0.9.0/24:${port}`], { rate: '20' }, { signal: stop.signal });
  assert.equal(status, 130);
  assert.match(stdout, /px3-test-a/);
  assert.match(stderr, /1 found, .*; stopped after \d+ of 254 hosts/);
});

test('what a device says of itself cannot be a formula in the file', async (t) => {
  const file = join(temporaryFolder(t), 'found.csv');
  const { port } = await network(t, { '127.0.9.1': { recording: px('=1+1', '","x') } });
  await run([`127.0.9.1:${port}`], { propose: file, community: 'public' });
  const [, line] = readFileSync(file, 'utf8').split('\r\n');
  assert.equal(line, `x,snmp://127.0.9.1:${port},raritan-px,,,,,,,,Raritan,PX3-TEST,'=1+1`);
  assert.ok(existsSync(file));
});
