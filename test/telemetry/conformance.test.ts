import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

/** Mistakes of drivers, and the demands that each of them must fail. */
const MISTAKES: Record<string, RegExp> = {
  'takes any address': /an address that is none is refused/,
  'one session for all': /two sessions of one device/,
  'leaves a timer': /a reading has every point/,
  'waits for ever': /a device that is silent is an error by the deadline/,
  'a code of its own': /a device that is silent is an error by the deadline/,
  'takes a late answer': /an answer that comes late is never taken/,
  'believes rubbish': /rubbish is an error or no value/,
  'keeps what is gone': /rows that are gone give no good value/,
  'takes a sentinel for a value': /what the device has no value for is not good/,
  'calls everything good': /what the device has no value for is not good/,
  'columns of two lengths': /a reading has every point/,
  'closes nothing': /a session that was closed, or never was, is gone/,
  'another device after a reboot': /a device that rebooted is read again, as the same device/,
  'a unit of its own': /open says who the device is/,
};

/** @returns names of the tests that failed */
async function failing(mistake: string, demand?: RegExp): Promise<{ failed: string[]; passed: number }> {
  const file = join(import.meta.dirname, 'memory-driver.js');
  const env = { ...process.env, MISTAKE: mistake, NODE_TEST_CONTEXT: undefined };
  const args = ['--test', '--test-reporter=tap', '--test-timeout=8000', '--test-force-exit'];
  if (demand) args.push(`--test-name-pattern=${demand.source}`);
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [...args, file], { env, maxBuffer: 1 << 24 }, (_, stdout) => done(stdout));
  });
  const lines = output.split('\n');
  return {
    failed: lines.flatMap((line) => /^ *not ok \d+ - (.*?)(?: #.*)?$/.exec(line)?.[1] ?? []),
    passed: lines.filter((line) => /^ *ok \d+ - /.test(line)).length,
  };
}

test('a driver that does what is asked passes every test of the kit', async () => {
  const { failed, passed } = await failing('');
  assert.deepEqual(failed, []);
  assert.ok(passed >= 15, `${passed} passed`);
});

for (const [mistake, demand] of Object.entries(MISTAKES))
  test(`the kit notices a driver that makes this mistake: ${mistake}`, async () => {
    const { failed } = await failing(mistake, demand);
    assert.ok(
      failed.some((name) => demand.test(name)),
      `failed were: ${failed.join('; ') || 'none'}`,
    );
  });
