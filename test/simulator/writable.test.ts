import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorStatus, OUTLET_COMMANDS, ObjectTable, outletWrites, serveRecording, Tag } from '@rackwatt/simulator';
import { recording } from '../support/devices.js';
import { needsPeer } from '../support/peers.js';
import { peer, snmpTool } from './snmp-tools.js';

for (const { family, command, values, delay, states } of OUTLET_COMMANDS)
  test(`${family}: a SET of the command shows in the state`, () => {
    const table = new ObjectTable();
    const [state] = states;
    const stateOid = `${state!.column}.1.2${state!.suffix ?? ''}`;
    table.set(stateOid, { type: Tag.Integer, value: 99 });
    const write = outletWrites(table);
    const commands = delay
      ? [[0, delay] as const]
      : Object.entries(values).map(([value, effect]) => [Number(value), effect] as const);
    for (const [value, effect] of commands) {
      const before = table.value(stateOid)?.value;
      const outcome = write(`${command}.1.2`, { type: Tag.Integer, value });
      assert.ok('commit' in outcome);
      outcome.commit();
      const expected = { on: state!.on, cycle: state!.on, off: state!.off, none: before }[effect];
      assert.equal(table.value(stateOid)?.value, expected, `${value} is ${effect}`);
    }
    assert.deepEqual(write(`${command}.1.2`, { type: Tag.Integer, value: -77 }), { error: ErrorStatus.wrongValue });
    assert.deepEqual(write(`${command}.1.2`, { type: Tag.OctetString, value: 'on' }), { error: ErrorStatus.wrongType });
    assert.deepEqual(write(`${command}.1.9`, { type: Tag.Integer, value: 1 }), { error: ErrorStatus.noCreation });
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
