import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command, CommandInput } from 'rackwatt';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { peer, snmpTool } from './snmp-tools.js';

const require = createRequire(import.meta.url);
const simulate = (require('@rackwatt/simulator/dist/commands/simulate.js') as { default: Command }).default;

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

test('options that cannot be are one clear sentence', async (t) => {
  const path = join(temporaryFolder(t), 'a.snmprec');
  writeFileSync(path, '1.3.6.1.2.1.1.5.0|4|a\n');
  for (const [options, message] of [
    [{ port: 'http' }, /--port is "http"/],
    [{ port: '70000' }, /0 to 65535/],
    [{ port: '0', v3: ['operator,sha'] }, /NAME\[,AUTH,KEY/],
    [{ port: '0', v3: ['operator,rot13,secret123'] }, /authentication is one of md5/],
    [{ port: '0', v3: ['operator,sha,short'] }, /at least 8 characters/],
  ] as [CommandInput['options'], RegExp][])
    await assert.rejects(async () => run([path], options).finished, { code: 'SIMULATOR_OPTION_INVALID', message });
});
