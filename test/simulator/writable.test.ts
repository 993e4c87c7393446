import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorStatus, parseRecording, ObjectTable, recordedSwitching, serveRecording, Tag } from '@rackwatt/simulator';
import { recording } from '../support/devices.js';
import { needsPeer } from '../support/peers.js';
import { peer, snmpTool } from './snmp-tools.js';

const E = '1.3.6.1.4.1';

function tableOf(lines: string): ObjectTable {
  const table = new ObjectTable();
  for (const { oid, value } of parseRecording(lines).rows) table.set(oid, value);
  return table;
}

/** An outlet 3 of an APC rPDU2, on. */
const apcLines = [
  `1.3.6.1.2.1.1.2.0|6|${E}.318.1.3.4.6`,
  `${E}.318.1.1.26.9.2.3.1.2.3|2|1`,
  `${E}.318.1.1.26.9.2.3.1.4.3|2|3`,
  `${E}.318.1.1.26.9.2.3.1.5.3|2|2`,
  `${E}.318.1.1.26.9.2.4.1.5.3|2|1`,
].join('\n');

test('a SET of an outlet command shows in the state, as the profile says', () => {
  const table = tableOf(apcLines);
  const write = recordedSwitching(table);
  const command = `${E}.318.1.1.26.9.2.4.1.5.3`;
  for (const [value, state] of [
    [2, 1],
    [1, 2],
    [2, 1],
    [3, 2],
  ] as const) {
    const outcome = write(command, { type: Tag.Integer, value });
    assert.ok('commit' in outcome);
    outcome.commit();
    assert.equal(table.value(`${E}.318.1.1.26.9.2.3.1.5.3`)?.value, state, `${value} is written`);
    assert.equal(table.value(command)?.value, value);
  }
  assert.deepEqual(write(command, { type: Tag.Integer, value: -77 }), { error: ErrorStatus.wrongValue });
  assert.deepEqual(write(command, { type: Tag.OctetString, value: 'on' }), { error: ErrorStatus.wrongType });
  assert.deepEqual(write(`${E}.318.1.1.26.9.2.4.1.5.9`, { type: Tag.Integer, value: 1 }), {
    error: ErrorStatus.notWritable,
  });
});

test('a recording that no profile reads is read-only', () => {
  const write = recordedSwitching(tableOf(`1.3.6.1.2.1.1.2.0|6|${E}.99999\n${E}.99999.1|2|1`));
  assert.deepEqual(write(`${E}.99999.1`, { type: Tag.Integer, value: 1 }), { error: ErrorStatus.notWritable });
});

const apc = recording('snmpsimdata-apc-ap8641.snmprec');
test('snmpset switches an outlet of a recording', { skip: apc.skip || needsPeer('snmpset') }, async () => {
  const served = await serveRecording(apc.path, { writable: true });
  try {
    const command = '1.3.6.1.4.1.318.1.1.26.9.2.4.1.5.3';
    const state = '1.3.6.1.4.1.318.1.1.26.9.2.3.1.5.3';
    const read = async () =>
      (await snmpTool('snmpget', ['-v2c', '-cpublic', '-Oqv', peer(served.address), state])).stdout.trim();
    for (const [value, expected] of [
      ['2', '1'],
      ['1', '2'],
    ] as const) {
      const set = await snmpTool('snmpset', ['-v2c', '-cpublic', peer(served.address), command, 'i', value]);
      assert.equal(set.status, 0, set.stderr);
      assert.equal(await read(), expected);
    }
    const name = await snmpTool('snmpset', ['-v2c', '-cpublic', peer(served.address), '1.3.6.1.2.1.1.5.0', 's', 'x']);
    assert.match(name.stderr, /notWritable/);
  } finally {
    await served.close();
  }
});
