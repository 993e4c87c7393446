import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RackwattError } from 'rackwatt';
import { TRANSPORTS } from './transports.js';
import type { Lab } from './lab.js';

async function thrown(lab: Lab, how: string): Promise<unknown> {
  try {
    await lab.fail(how);
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

for (const transport of TRANSPORTS)
  suite(`what a ${transport.name} throws`, () => {
    test('a RackwattError stays one: code, message, context, cause', async (t) => {
      const { lab } = await transport.open(t);
      const error = (await thrown(lab, 'rackwatt')) as RackwattError;
      assert(error instanceof RackwattError);
      assert.equal(error.name, 'RackwattError');
      assert.equal(error.code, 'DEVICE_NO_ANSWER');
      assert.equal(error.message, 'Nothing came back.');
      assert.deepEqual(error.context, { address: 'snmp://192.0.2.1', tries: 3 });
      const cause = error.cause as TypeError & { code: string; errno: number };
      assert(cause instanceof TypeError);
      assert.deepEqual([cause.message, cause.code, cause.errno], ['the socket is closed', 'ECONNREFUSED', -111]);
    });

    test('its stack is the one over there, under the name of the other side', async (t) => {
      const { lab } = await transport.open(t);
      const { stack, cause } = (await thrown(lab, 'rackwatt')) as RackwattError;
      const [header, side, frame] = stack!.split('\n');
      assert.equal(header, 'RackwattError: Nothing came back.');
      assert.equal(side, '    --- the lab ---');
      assert.match(frame!, /^ {4}at .*lab-service/);
      assert.match(
        (cause as Error).stack!,
        /^TypeError: the socket is closed\n {4}--- the lab ---\n {4}at .*lab-service/,
      );
    });

    test('native errors keep their class, others their name, values are themselves', async (t) => {
      const { lab } = await transport.open(t);
      const range = (await thrown(lab, 'native')) as RangeError & { code: string };
      assert(range instanceof RangeError);
      assert.equal(range.code, 'E_RANGE');
      assert.equal(((await thrown(lab, 'named')) as Error).name, 'OwnError');
      assert.equal(await thrown(lab, 'text'), 'only a text');
      assert.equal(await thrown(lab, 'nothing'), undefined);
      const both = (await thrown(lab, 'aggregate')) as AggregateError;
      assert.deepEqual(
        both.errors.map((each: Error) => each.message),
        ['one', 'two'],
      );
    });

    test('odd errors arrive as far as they can be told', async (t) => {
      const { lab } = await transport.open(t);
      const circular = (await thrown(lab, 'circular')) as Error;
      assert.equal(circular.message, 'its own cause');
      assert.equal((circular.cause as Error).message, 'its own cause');
      const odd = (await thrown(lab, 'oddContext')) as RackwattError;
      assert.equal(odd.context['plain'], 'kept');
      assert.match(String(odd.context['run']), /Function/);
      await thrown(lab, 'odd');
      assert.equal(await lab.add(1, 1), 2);
    });
  });
