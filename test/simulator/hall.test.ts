import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { families, generatedHall, type HallPdu } from '@rackwatt/simulator';
import { driverFor } from '../driver-snmp/support.js';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a hall of several families in several processes answers; its processes end with it', async (t) => {
  const all = families().slice(0, 4);
  const hall = await generatedHall({
    generate: all.map((family) => ({ family, count: 2 })),
    outlets: 4,
    processes: 3,
    seed: 'hall-test',
  });
  const { processes } = hall;
  try {
    assert.equal(processes.length, 3);
    assert.ok(!processes.includes(process.pid));
    assert.deepEqual(
      hall.pdus.map(({ name }) => name),
      all.flatMap((family) => [`${family}-1`, `${family}-2`]),
    );
    assert.equal(new Set(hall.pdus.map(({ serial }) => serial)).size, hall.pdus.length);
    const driver = driverFor(t, { timeout: 3000 });
    for (const { address, family } of hall.pdus)
      assert.equal((await driver.probe({ address, profile: 'auto' })).identity.profile, family);

    const [first, second] = hall.pdus as [HallPdu, HallPdu];
    await hall.setFaults({ garbage: true }, [first.name]);
    await assert.rejects(driver.probe({ address: first.address, profile: 'auto', timeout: 300, retries: 0 }));
    assert.ok(await driver.probe({ address: second.address, profile: 'auto' }));
    await hall.setFaults({});
    assert.ok(await driver.probe({ address: first.address, profile: 'auto' }));
    await assert.rejects(hall.setFaults({ reboot: -1 }), {
      code: 'SIMULATOR_OPTION_INVALID',
      message: /reboot=NUMBER/,
    });
  } finally {
    await hall.close();
  }
  assert.deepEqual(processes.filter(isAlive), []);
});

test('a killed process is noticed: its PDUs are gone, the others answer on', async (t) => {
  const lost: HallPdu[] = [];
  const generate = [{ family: families()[0]!, count: 4 }];
  const hall = await generatedHall({ generate, outlets: 2, processes: 2, lost: (pdus) => lost.push(...pdus) });
  t.after(() => hall.close());
  const victim = hall.pdus[0]!.process;
  process.kill(victim, 'SIGKILL');
  while (hall.pdus.length === 4) await delay(10);
  assert.deepEqual([lost.length, hall.pdus.length], [2, 2]);
  assert.ok(lost.every((pdu) => pdu.process === victim));
  const driver = driverFor(t, { timeout: 3000 });
  for (const { address } of hall.pdus) assert.ok(await driver.probe({ address, profile: 'auto' }));
});

test('a hall that cannot open says why, and leaves no process', async () => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  try {
    const family = families()[0]!;
    await assert.rejects(generatedHall({ generate: [{ family, count: 4 }], port, processes: 2, outlets: 2 }), {
      code: 'SIMULATOR_PORT_IN_USE',
      message: new RegExp(`port ${port} of 127.0.0.1 is in use`),
    });
  } finally {
    socket.close();
  }
  await assert.rejects(generatedHall({ generate: [{ family: 'no-such', count: 1 }] }), {
    code: 'SIMULATOR_OPTION_INVALID',
    message: /There is no family "no-such"/,
  });
});
