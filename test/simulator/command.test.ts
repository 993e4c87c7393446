import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { FaultSettings } from '@rackwatt/simulator';
import type { control, Listening } from '@rackwatt/simulator/dist/control.js';
import type { Command, CommandInput } from 'rackwatt';
import { driverFor } from '../driver-snmp/support.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { peer, snmpTool } from './snmp-tools.js';

const require = createRequire(import.meta.url);
const simulate = (require('@rackwatt/simulator/dist/commands/simulate.js') as { default: Command }).default;

const controlled = (require('@rackwatt/simulator/dist/control.js') as { control: typeof control }).control;

function run(args: string[], options: CommandInput['options']) {
  const stop = new AbortController();
  let stdout = '';
  let stderr = '';
  const lines: (() => void)[] = [];
  const input = {
    arguments: args,
    options,
    stdout: { write: (text: string) => ((stdout += text), lines.forEach((line) => line())) },
    stderr: { write: (text: string) => (stderr += text) },
    signal: stop.signal,
    home: '/',
    file: '/runtime.config.json',
    call: () => Promise.reject(new TypeError('not used')),
  } as unknown as CommandInput;
  const finished = simulate.run!(input);
  return {
    finished,
    stop: () => stop.abort(),
    output: () => ({ stdout, stderr }),
    async printed(count: number) {
      while (stdout.split('\n').length <= count) await new Promise<void>((resolve) => lines.push(resolve));
      return stdout.trim().split('\n');
    },
  };
}

test('several recordings are served until Ctrl-C, one line each', { skip: needsPeer('snmpget') }, async (t) => {
  const folder = temporaryFolder(t);
  const paths = ['a', 'b'].map((name) => join(folder, `${name}.snmprec`));
  for (const path of paths) writeFileSync(path, `1.3.6.1.2.1.1.5.0|4|${path}\nbad line\n`);
  const command = run(paths, { port: '0', v3: ['operator,sha,authsecret,aes,privsecret'], community: ['lab'] });
  const lines = await command.printed(2);
  try {
    assert.match(lines[0]!, /^serving a at snmp:\/\/127\.0\.0\.1:\d+ \(1 OIDs\)$/);
    assert.match(command.output().stderr, /a\.snmprec:2: passed over/);
    for (const [i, line] of lines.entries()) {
      const address = /snmp:\S+/.exec(line)![0];
      for (const security of ['-v2c -clab', '-v3 -u operator -l authPriv -a SHA -A authsecret -x AES -X privsecret']) {
        const got = await snmpTool('snmpget', [...security.split(' '), '-Oqv', peer(address), '1.3.6.1.2.1.1.5.0']);
        assert.equal(got.stdout.trim(), `"${paths[i]}"`, got.stderr);
      }
    }
  } finally {
    command.stop();
    await command.finished;
  }
});

test('generated PDUs are listed as JSON, and as a file for the import of devices', async (t) => {
  const list = join(temporaryFolder(t), 'pdus.csv');
  const command = run([], {
    generate: ['apc-rpdu2:2', 'gude'],
    outlets: '3',
    port: '0',
    json: true,
    list,
    processes: '2',
  });
  try {
    while (!command.output().stdout.endsWith(']\n')) await new Promise((wait) => setTimeout(wait, 10));
    const agents = JSON.parse(command.output().stdout) as { name: string; family: string; address: string }[];
    assert.deepEqual(
      agents.map(({ name, family }) => [name, family]),
      [
        ['apc-rpdu2-1', 'apc-rpdu2'],
        ['apc-rpdu2-2', 'apc-rpdu2'],
        ['gude-1', 'gude'],
      ],
    );
    const rows = agents.map(({ name, address }) => `${name},${address}\n`);
    assert.equal(readFileSync(list, 'utf8'), `name,address\n${rows.join('')}`);
    const driver = driverFor(t, { timeout: 2000 });
    for (const { family, address } of agents)
      assert.equal((await driver.probe({ address, profile: 'auto' })).identity.profile, family);
  } finally {
    command.stop();
    await command.finished;
  }
});

test('lines on standard input put faults in force and take them back', async (t) => {
  const faults = new Map<string, FaultSettings>();
  const agent = (name: string): Listening => ({
    name,
    address: 'snmp://127.0.0.1:1',
    set: async (given) => void faults.set(name, given),
  });
  const input = new PassThrough();
  let said = '';
  const control = controlled(
    [agent('rack1'), agent('apc-1'), agent('apc-2')],
    { write: (text) => (said += text) },
    input,
  );
  t.after(() => control.close());
  const lines = [
    'fault apc-* silent latency=150',
    'heal apc-2',
    '',
    'fault rack9 silent',
    'fault rack1 slow',
    'break rack1',
    'fault rack1 dropEvery=3',
  ];
  input.write(lines.map((line) => `${line}\n`).join(''));
  while (!faults.has('rack1')) await new Promise((wait) => setTimeout(wait, 5));
  assert.deepEqual(Object.fromEntries(faults), {
    'apc-1': { silent: true, latency: 150 },
    'apc-2': {},
    rack1: { dropEvery: 3 },
  });
  assert.match(said, /^There is no agent "rack9"\.\nThere is no fault "slow": .*\n"break rack1" is no command: .*\n$/);
});

test('options that cannot be are one clear sentence', async (t) => {
  const path = join(temporaryFolder(t), 'a.snmprec');
  writeFileSync(path, '1.3.6.1.2.1.1.5.0|4|a\n');
  for (const [options, message] of [
    [{ port: 'http' }, /--port is "http"/],
    [{ port: '70000' }, /0 to 65535/],
    [{ port: '0', generate: ['apc-rpdu2:x'] }, /FAMILY:COUNT, such as apc-rpdu2:400, not "apc-rpdu2:x"/],
    [{ port: '0', generate: ['no-such'] }, /There is no family "no-such"/],
    [{ port: '0', generate: ['gude'], phases: '2' }, /--phases is 1 or 3/],
    [{ port: '0', fault: ['slow'] }, /There is no fault "slow"/],
    [{ port: '0', v3: ['operator,sha'] }, /NAME\[,AUTH,KEY/],
    [{ port: '0', v3: ['operator,rot13,secret123'] }, /authentication is one of md5/],
    [{ port: '0', v3: ['operator,sha,short'] }, /at least 8 characters/],
  ] as [CommandInput['options'], RegExp][])
    await assert.rejects(async () => run([path], options).finished, { code: 'SIMULATOR_OPTION_INVALID', message });
});
