import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRecording, serveRecording } from '@rackwatt/simulator';
import { recording } from '../support/devices.js';
import { needsPeer } from '../support/peers.js';
import { temporaryFolder } from '../support/temporary.js';
import { peer, snmpTool, walkRows } from './snmp-tools.js';

const RECORDINGS = [
  'centreon-cyberpower-pdu',
  'eatonpdu_2',
  'raritan-pdu_px3',
  'rittal-cmc-iii-pu_pdu-controller',
  'sentry3_switched',
  'sentry4',
  'snmpsimdata-apc-ap7902b',
  'snmpsimdata-apc-ap8641',
  'snmpsimdata-tripplite-pdumh20atnet',
  'vertiv-pdu_mn03edr1',
];

/** What net-snmp prints for a row, made from the text of the recording alone. */
function printed(type: string, value: string): string {
  const hex = (text: string) => `Hex-STRING:${Buffer.from(text, 'latin1').toString('hex').toUpperCase()}`;
  switch (type) {
    case '2':
      return `INTEGER: ${value}`;
    case '4':
      return hex(value);
    case '4x':
      return `Hex-STRING:${value.toUpperCase()}`;
    case '6':
      return `OID: .${value.replace(/^\./, '')}`;
    case '64':
      return `IpAddress: ${value}`;
    case '64x':
      return `IpAddress: ${[...Buffer.from(value, 'hex')].join('.')}`;
    case '65':
      return `Counter32: ${value}`;
    case '66':
      return `Gauge32: ${value}`;
    case '67':
      return value;
    default:
      return `Counter64: ${value}`;
  }
}

for (const name of RECORDINGS) {
  const { path, skip } = recording(`${name}.snmprec`);
  test(`snmpbulkwalk of ${name} gives the recording`, { skip: skip || needsPeer('snmpbulkwalk') }, async () => {
    const served = await serveRecording(path);
    try {
      const walk = await snmpTool('snmpbulkwalk', ['-v2c', '-cpublic', '-OnetxU', peer(served.address), '.1']);
      const rows = readFileSync(path, 'latin1')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => /^([^|]*)\|([^|]*)\|(.*)$/.exec(line)!.slice(1) as [string, string, string]);
      const expected = new Map(rows.map(([oid, type, value]) => [oid, printed(type, value)]));
      const got = walkRows(walk.stdout);
      const differing = [...expected]
        .filter(([oid, value]) => got.get(oid) !== value)
        .map(([oid, value]) => [oid, value, got.get(oid)]);
      assert.deepEqual(differing.slice(0, 3), [], `${differing.length} rows differ ${walk.stderr}`);
      assert.equal(got.size, expected.size);
      assert.equal(served.size, expected.size);
    } finally {
      await served.close();
    }
  });
}

test('forms of snmprec: hex, escaped text, addresses, leading dots, any order', () => {
  const { rows, problems } = parseRecording(
    [
      '.1.3.6.1.9.2|6|.1.3.6.1.4.1.318',
      '1.3.6.1.9.1|4x|6f6B',
      '1.3.6.1.9.3|64|192.0.2.7',
      '1.3.6.1.9.4|64x|c0000207',
      '1.3.6.1.9.5|64e|\\xc0\\x00\\x02\\x07',
      '1.3.6.1.9.6|4e|a\\nb\\\\',
      '1.3.6.1.9.7|4|with | a bar',
      '1.3.6.1.9.8|70|18446744073709551615',
      '1.3.6.1.9.9|2|-1',
      '1.3.6.1.9.10|5|',
    ].join('\r\n'),
  );
  assert.deepEqual(problems, []);
  const plain = rows.map(({ oid, value: { value } }) => [
    oid.at(-1),
    typeof value === 'object' ? Buffer.from(value).toString('latin1') : value,
  ]);
  assert.deepEqual(plain, [
    [2, '1.3.6.1.4.1.318'],
    [1, 'ok'],
    [3, '192.0.2.7'],
    [4, '\xc0\x00\x02\x07'],
    [5, '\xc0\x00\x02\x07'],
    [6, 'a\nb\\'],
    [7, 'with | a bar'],
    [8, 18446744073709551615n],
    [9, -1],
    [10, ''],
  ]);
});

test('lines that cannot be served are named by their number; the rest is served', () => {
  const { rows, problems } = parseRecording(
    [
      '1.3.6.1.9.1|2|1',
      'not a row',
      '1.3.6.1.9.2|65|',
      '1.3.6.1.9.3|2|99999999999',
      '1.3.6.1.9.4|4x|abc',
      '1.3.6.x|2|1',
      '1.3.6.1.9.5|2:numeric|1',
      '1.3.6.1.9.6|99|1',
      '1.3.6.1.9.1|2|2',
      '1.3.6.1.9.7|64|10.0.0.256',
    ].join('\n'),
  );
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.match(problems[7]!.message, /repeats 1\.3\.6\.1\.9\.1 of line 1/);
  assert.deepEqual(rows, [{ oid: [1, 3, 6, 1, 9, 1], value: { type: 2, value: 2 } }]);
});

test('a recording that cannot be served is one clear sentence', async (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  await assert.rejects(serveRecording(join(folder, 'absent.snmprec')), { code: 'SIMULATOR_RECORDING_UNREADABLE' });
  await assert.rejects(serveRecording(write('empty.snmprec', '')), { code: 'SIMULATOR_RECORDING_EMPTY' });
  await assert.rejects(serveRecording(write('noise.snmprec', 'noise\n')), {
    code: 'SIMULATOR_RECORDING_EMPTY',
    message: /line 1/,
  });
});

test('a port in use is named', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'one.snmprec');
  writeFileSync(path, '1.3.6.1.2.1.1.5.0|4|pdu-1\n');
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  try {
    await assert.rejects(serveRecording(path, { port }), {
      code: 'SIMULATOR_PORT_IN_USE',
      message: new RegExp(`port ${port} of 127.0.0.1 is in use`),
    });
  } finally {
    socket.close();
  }
});
