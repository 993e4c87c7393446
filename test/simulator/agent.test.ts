import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { ObjectTable, SnmpAgent, type SnmpAgentOptions, Tag } from '@rackwatt/simulator';
import fc from 'fast-check';
import { needsPeer } from '../support/peers.js';
import { peer, snmpTool, walkRows } from './snmp-tools.js';

const skip = needsPeer('snmpget');

function smallTable(): ObjectTable {
  const table = new ObjectTable();
  table.set('1.3.6.1.2.1.1.1.0', { type: Tag.OctetString, value: 'agent' });
  table.set('1.3.6.1.2.1.1.3.0', { type: Tag.TimeTicks, value: 1 });
  table.set('1.3.6.1.4.1.99.1', { type: Tag.Counter64, value: 2n ** 63n });
  table.set('1.3.6.1.4.1.99.2', { type: Tag.Integer, value: -2 });
  return table;
}

async function withAgent(
  options: SnmpAgentOptions & { table?: ObjectTable },
  run: (agent: SnmpAgent) => Promise<void>,
): Promise<void> {
  await using agent = new SnmpAgent({ table: smallTable(), ...options });
  await agent.start();
  await run(agent);
}

describe('SNMP v1 and v2c', { skip }, () => {
  test('what is not there: an exception in v2c, noSuchName in v1', () =>
    withAgent({}, async (agent) => {
      const get = (version: string, oid: string) =>
        snmpTool('snmpget', [version, '-cpublic', '-On', peer(agent.address), oid]);
      assert.match((await get('-v2c', '1.3.6.1.2.1.1.1.1')).stdout, /No Such Instance/);
      assert.match((await get('-v2c', '1.3.6.1.7.1.0')).stdout, /No Such Object/);
      assert.match((await get('-v1', '1.3.6.1.2.1.1.1.1')).stderr, /noSuchName/);
    }));

  test('v1 passes over 64-bit counters', () =>
    withAgent({}, async (agent) => {
      const walk = await snmpTool('snmpwalk', ['-v1', '-cpublic', '-Onetx', peer(agent.address), '.1.3.6.1.4.1']);
      assert.deepEqual([...walkRows(walk.stdout)], [['1.3.6.1.4.1.99.2', 'INTEGER: -2']]);
    }));

  test('a wrong community is not answered', () =>
    withAgent({ communities: ['secret'] }, async (agent) => {
      const get = (community: string) =>
        snmpTool('snmpget', ['-v2c', '-c', community, '-r0', '-t0.3', peer(agent.address), '1.3.6.1.2.1.1.1.0']);
      assert.match((await get('public')).stderr, /Timeout/);
      assert.equal((await get('secret')).status, 0);
    }));

  test('live values are asked for at each request', () => {
    const table = smallTable();
    let asked = 0;
    table.set('1.3.6.1.4.1.99.3', () => ({ type: Tag.Gauge32, value: ++asked }));
    return withAgent({ table }, async (agent) => {
      const get = () => snmpTool('snmpget', ['-v2c', '-cpublic', '-Oqv', peer(agent.address), '1.3.6.1.4.1.99.3']);
      assert.equal((await get()).stdout.trim(), '1');
      assert.equal((await get()).stdout.trim(), '2');
    });
  });

  test('GETBULK gives what fits; a GET that does not fit is tooBig', () => {
    const table = new ObjectTable();
    for (let i = 1; i <= 100; i++) table.set(`1.3.6.1.4.1.99.${i}`, { type: Tag.OctetString, value: 'x'.repeat(100) });
    return withAgent({ table, maxMessageSize: 600 }, async (agent) => {
      const bulk = await snmpTool('snmpbulkget', [
        '-v2c',
        '-cpublic',
        '-On',
        '-Cr50',
        peer(agent.address),
        '1.3.6.1.4.1.99',
      ]);
      assert.equal(bulk.stdout.trim().split('\n').length, 4);
      const walk = await snmpTool('snmpbulkwalk', ['-v2c', '-cpublic', '-On', peer(agent.address), '1.3.6.1.4.1.99']);
      assert.equal(walkRows(walk.stdout).size, 100);
      const oids = Array.from({ length: 10 }, (_, i) => `1.3.6.1.4.1.99.${i + 1}`);
      const get = await snmpTool('snmpget', ['-v2c', '-cpublic', '-On', peer(agent.address), ...oids]);
      assert.match(get.stderr, /tooBig/);
    });
  });

  test('every object is read-only without a writer', () =>
    withAgent({}, async (agent) => {
      const set = await snmpTool('snmpset', [
        '-v2c',
        '-cpublic',
        '-On',
        peer(agent.address),
        '1.3.6.1.4.1.99.2',
        'i',
        '1',
      ]);
      assert.match(set.stderr, /notWritable/);
    }));

  test('faults: silent, garbage, latency', () =>
    withAgent({}, async (agent) => {
      const get = () =>
        snmpTool('snmpget', ['-v2c', '-cpublic', '-r0', '-t0.3', peer(agent.address), '1.3.6.1.2.1.1.1.0']);
      agent.faults = { silent: true };
      assert.match((await get()).stderr, /Timeout/);
      agent.faults = { garbage: true };
      assert.notEqual((await get()).status, 0);
      agent.faults = { latency: 100 };
      const started = performance.now();
      assert.equal((await get()).status, 0);
      assert.ok(performance.now() - started >= 95);
    }));
});

describe('SNMP v3', { skip }, () => {
  const users = [
    { user: 'open' },
    { user: 'signed', authProtocol: 'sha256', authKey: 'authsecret' },
    { user: 'sealed', authProtocol: 'sha', authKey: 'authsecret', privProtocol: 'aes', privKey: 'privsecret' },
    { user: 'old', authProtocol: 'md5', authKey: 'authsecret', privProtocol: 'des', privKey: 'privsecret' },
    { user: 'long', authProtocol: 'sha', authKey: 'authsecret', privProtocol: 'aes256b', privKey: 'privsecret' },
    { user: 'cisco', authProtocol: 'sha', authKey: 'authsecret', privProtocol: 'aes256r', privKey: 'privsecret' },
  ] as const;
  const agent = new SnmpAgent({ table: smallTable(), users });
  before(() => agent.start());
  after(() => agent.close());
  const get = (user: string, flags: string) =>
    snmpTool('snmpget', [
      '-v3',
      '-u',
      user,
      ...flags.split(' '),
      '-r0',
      '-t2',
      '-Oqv',
      peer(agent.address),
      '1.3.6.1.2.1.1.1.0',
    ]);

  const answered: [user: string, flags: string][] = [
    ['open', '-l noAuthNoPriv'],
    ['signed', '-l authNoPriv -a SHA-256 -A authsecret'],
    ['sealed', '-l authPriv -a SHA -A authsecret -x AES -X privsecret'],
    ['old', '-l authPriv -a MD5 -A authsecret -x DES -X privsecret'],
    ['long', '-l authPriv -a SHA -A authsecret -x AES-256 -X privsecret'],
    ['cisco', '-l authPriv -a SHA -A authsecret -x AES-256-C -X privsecret'],
  ];
  for (const [user, flags] of answered)
    test(`snmpget ${flags}`, async () => {
      const { stdout, stderr } = await get(user, flags);
      assert.equal(stdout.trim(), '"agent"', stderr);
    });

  const refused: [what: string, user: string, flags: string, sentence: RegExp][] = [
    ['an unknown user', 'nobody', '-l noAuthNoPriv', /Unknown user name/],
    [
      'a wrong authentication key',
      'sealed',
      '-l authPriv -a SHA -A wrongsecret -x AES -X privsecret',
      /Authentication failure/,
    ],
    ['a wrong privacy key', 'sealed', '-l authPriv -a SHA -A authsecret -x AES -X wrongsecret', /Decryption error/],
    [
      'more security than the user has',
      'signed',
      '-l authPriv -a SHA-256 -A authsecret -x AES -X privsecret',
      /Unsupported security level/,
    ],
    ['less security than the user has', 'sealed', '-l authNoPriv -a SHA -A authsecret', /authorizationError/],
  ];
  for (const [what, user, flags, sentence] of refused)
    test(`${what} is reported`, async () => {
      const { stderr, status } = await get(user, flags);
      assert.notEqual(status, 0);
      assert.match(stderr, sentence);
    });

  test('a clock outside the window is corrected by a report', async () => {
    const wrongClock = ['-Z', '1,1'];
    const { stdout, stderr } = await get(
      'sealed',
      ['-l authPriv -a SHA -A authsecret -x AES -X privsecret', ...wrongClock].join(' '),
    );
    assert.equal(stdout.trim(), '"agent"', stderr);
  });
});

test('an engine that was restarted is read again by a client with its old clock', { skip }, async () => {
  const users = [
    { user: 'sealed', authProtocol: 'sha', authKey: 'authsecret', privProtocol: 'aes', privKey: 'privsecret' },
  ] as const;
  let port = 0;
  for (const engineBoots of [3, 4])
    await withAgent({ users, port, engineBoots, engine: 'same' }, async (agent) => {
      port = agent.port;
      const args = '-v3 -u sealed -l authPriv -a SHA -A authsecret -x AES -X privsecret -Oqv'.split(' ');
      assert.equal(
        (await snmpTool('snmpget', [...args, peer(agent.address), '1.3.6.1.2.1.1.1.0'])).stdout.trim(),
        '"agent"',
      );
    });
});

test('no message, however odd, stops an agent', async () => {
  const users = [{ user: 'sealed', authKey: 'authsecret', privKey: 'privsecret' }];
  await withAgent({ users }, async (agent) => {
    const socket = createSocket('udp4');
    const hostile = createSocket('udp4');
    const getRequest = Buffer.from(
      '302602010104067075626c6963a01902010102010002010030 0e300c06082b060102010101000500'.replace(' ', ''),
      'hex',
    );
    const ask = async () => {
      const answered = once(socket, 'message', { signal: AbortSignal.timeout(2000) });
      socket.send(getRequest, agent.port, '127.0.0.1');
      const [message] = (await answered) as [Buffer];
      return message.includes('agent');
    };
    try {
      assert.ok(await ask());
      const mutated = fc.tuple(fc.nat(getRequest.length - 1), fc.nat(255)).map(([at, octet]) => {
        const copy = Buffer.from(getRequest);
        copy[at] = octet;
        return copy;
      });
      const noise = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets));
      const versionThree = fc
        .uint8Array({ maxLength: 100 })
        .map((octets) => Buffer.concat([Buffer.from([0x30, 3 + octets.length, 2, 1, 3]), octets]));
      await fc.assert(
        fc.asyncProperty(fc.oneof(mutated, noise, versionThree), async (message) => {
          await new Promise((resolve) => hostile.send(message, agent.port, '127.0.0.1', resolve));
        }),
        { numRuns: 500 },
      );
      assert.ok(await ask());
      assert.ok(agent.statistics.malformed > 0);
    } finally {
      socket.close();
      hostile.close();
    }
  });
});
