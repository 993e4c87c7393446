import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { ComponentDefinition } from 'rackwatt';
import { activate } from 'rackwatt/testing';
import { levelOf } from '../device.js';
import type { Driver } from '../driver.js';
import { METRICS } from '../metrics.js';
import type { TestDevice, TestPoint } from './device.js';
import { assertNotWrong, assertRejects, assertRight, DEADLINE, keyOf, Reader, valuesOf } from './reader.js';

export interface DriverUnderTest {
  /** The driver's component; it is activated alone for each test, and must leave nothing behind. */
  driver: ComponentDefinition;
  configuration?: Record<string, unknown>;
  /** A fresh device for each test, on an address of its own; ended by `t.after`. */
  device(t: TestContext): TestDevice | Promise<TestDevice>;
  /** Addresses that are none of the driver's. */
  wrongAddresses: readonly string[];
}

interface Stage {
  t: TestContext;
  driver: Driver;
  device: TestDevice;
  reader: Reader;
}

const LEVELS = new Set(['unit', 'inlet', 'phase', 'branch', 'outlet', 'pole', 'sensor']);
/** ms; a late answer comes after the read that asked for it was given up, and before the next ones are over. */
const LATE = 600;
const SHORT = 250;
const LATER_READS = 12;

/**
 * Tests that a driver does what acquisition relies on, over a device that is treated badly: silence, late answers, rubbish, values
 * that are none, rows that go, a reboot. Call it at the top of a test file; each demand is a test of `node:test`.
 */
export function driverConformance(under: DriverUnderTest): void {
  const demand = (name: string, run: (stage: Stage) => Promise<void>): void => {
    void test(name, async (t) => {
      const device = await under.device(t);
      const { configuration } = under;
      const trial = await activate(t, under.driver, configuration === undefined ? {} : { configuration });
      const driver = trial.service as Driver;
      await run({ t, driver, device, reader: new Reader(driver, device.target) });
    });
  };
  /** A demand on a device that can be treated so; else skipped, with what the test device lacks. */
  const when = (can: keyof TestDevice, name: string, run: (stage: Stage) => Promise<void>): void =>
    demand(name, async (stage) => {
      if (typeof stage.device[can] === 'function') await run(stage);
      else stage.t.skip(`the test device has no ${can}()`);
    });

  demand('open says who the device is, and what it measures', async ({ reader, device }) => {
    const { identity, parts, points } = await reader.open();
    assert.ok(
      Object.values(identity).some((value) => typeof value === 'string' && value !== ''),
      'it has an identity',
    );
    const paths = parts.map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length, 'a part is named once');
    for (const { part, metric, unit } of points) {
      assert.ok(paths.includes(part), `${part} is among the parts`);
      assert.ok(LEVELS.has(levelOf(part)), `${part} begins with a level of the model`);
      assert.equal(unit, METRICS[metric].unit, `the unit of ${metric}`);
    }
    const found = points.map(keyOf);
    assert.deepEqual(
      device.points.map(keyOf).filter((key) => !found.includes(key)),
      [],
      'no point is missing',
    );
  });

  demand('a reading has every point, and the values that the device has', async ({ reader, device }) => {
    assertRight(await reader.read(), device.points);
  });

  demand('the fast points are some of all, and as right', async ({ driver, reader, device }) => {
    const open = await reader.open();
    const fast = valuesOf(open, await driver.read(open.session, { deadline: DEADLINE, pollClass: 'fast' }));
    assert.ok(fast.size > 0, 'there are fast points');
    assertRight(
      fast,
      device.points.filter((point) => fast.has(keyOf(point))),
    );
  });

  demand('probe says in one call what open and read say, and forgets the device', async ({ driver, device }) => {
    const { reading, cost, ...description } = await driver.probe(device.target, { explain: true });
    const open = { ...description, session: '', layout: reading.layout };
    assertRight(valuesOf(open, reading), device.points);
    assert.ok(cost.requests > 0 && cost.milliseconds >= 0, 'it tells what it cost');
    for (const { point, source } of description.explain ?? []) {
      assert.ok(description.points[point], 'an explanation is of a point');
      assert.notEqual(source, '', 'an explanation says where the value was read');
    }
  });

  demand('two sessions of one device do not disturb each other', async ({ driver, reader, device }) => {
    const other = await driver.open(device.target);
    const own = await reader.open();
    assert.notEqual(other.session, own.session);
    await Promise.all([reader.read(), driver.read(other.session, { deadline: DEADLINE })]);
    await driver.close(other.session);
    assertRight(await reader.read(), device.points);
  });

  demand('a session that was closed, or never was, is gone', async ({ driver, reader }) => {
    const { session } = await reader.open();
    await driver.close(session);
    await driver.close(session);
    for (const gone of [session, 'no such session'])
      await assertRejects(driver.read(gone, { deadline: DEADLINE }), 'reading it', 'DEVICE_SESSION_GONE');
  });

  demand('an address that is none is refused before anything is sent', async ({ driver, device }) => {
    for (const address of under.wrongAddresses)
      await assertRejects(driver.open({ ...device.target, address }), `opening ${address}`, 'DEVICE_ADDRESS_INVALID');
  });

  when('set', 'a value that changed is read as changed', async ({ reader, device }) => {
    await reader.read();
    const point = anyNumber(device);
    const changed = { ...point, value: (point.value ?? 0) + 7 };
    await device.set!(point, changed.value);
    const read = (await reader.read()).get(keyOf(point))!;
    assert.equal(read.quality, 0);
    assertNotWrong(changed, read);
  });

  when(
    'silent',
    'a device that is silent is an error by the deadline, and is read when it answers again',
    async (stage) => {
      const { reader, device } = stage;
      await reader.read();
      await device.silent!();
      await assertRejects(reader.read(SHORT), 'reading a silent device', 'DEVICE_NO_ANSWER');
      await device.heal?.();
      assertRight(await reader.readAgain(), device.points);
    },
  );

  when('silent', 'a device that never answered cannot be opened', async ({ reader, device }) => {
    await device.silent!();
    await assertRejects(reader.open(), 'opening a silent device', 'DEVICE_NO_ANSWER');
  });

  when('late', 'an answer that comes late is never taken for that of a later read', async ({ t, reader, device }) => {
    if (!device.set) return t.skip('the test device has no set()');
    await reader.read();
    const point = anyNumber(device);
    await device.late!(LATE);
    await reader.read(SHORT).then(
      (values) => assertNotWrong(point, values.get(keyOf(point)) ?? { value: Number.NaN, quality: 1, state: 0 }),
      (error: unknown) => assertRejects(Promise.reject(error as Error), 'a read that is answered too late'),
    );
    await device.heal?.();
    const changed = { ...point, value: (point.value ?? 0) + 7 };
    await device.set(point, changed.value);
    // The late answer, with the old value, arrives somewhere among these.
    for (let read = 0; read < LATER_READS; read++) {
      assertNotWrong(changed, (await reader.readAgain()).get(keyOf(point))!);
      await new Promise((go) => setTimeout(go, (2 * LATE) / LATER_READS));
    }
  });

  when('rubbish', 'rubbish is an error or no value, never a wrong one', async ({ reader, device }) => {
    await reader.read();
    await device.rubbish!();
    await reader.read(DEADLINE).then(
      (values) => {
        for (const point of device.points) assertNotWrong(point, values.get(keyOf(point))!);
      },
      (error: unknown) => assertRejects(Promise.reject(error as Error), 'a read that is answered with rubbish'),
    );
    await device.heal?.();
    assertRight(await reader.readAgain(), device.points);
  });

  when('noValue', 'what the device has no value for is not good, and the rest is', async ({ reader, device }) => {
    await reader.read();
    const point = anyNumber(device);
    await device.noValue!(point);
    const values = await reader.readAgain();
    const read = values.get(keyOf(point));
    if (read) {
      assert.notEqual(read.quality, 0, `${keyOf(point)} is not good`);
      assert.ok(Number.isNaN(read.value), `${keyOf(point)} is no number, not ${read.value}`);
    }
    assertRight(
      values,
      device.points.filter((other) => keyOf(other) !== keyOf(point)),
    );
  });

  when('missing', 'rows that are gone give no good value, and the rest is read', async ({ reader, device }) => {
    await reader.read();
    const { part } = anyNumber(device);
    await device.missing!(part);
    const values = await reader.readAgain();
    for (const point of device.points.filter((each) => each.part === part))
      assert.notEqual(values.get(keyOf(point))?.quality, 0, `${keyOf(point)} is not good`);
    assertRight(
      values,
      device.points.filter((each) => each.part !== part),
    );
    await device.heal?.();
    const again = await reader.readAgain();
    for (const point of device.points) {
      const read = again.get(keyOf(point));
      if (read) assertNotWrong(point, read);
    }
  });

  when('reboot', 'a device that rebooted is read again, as the same device', async ({ driver, reader, device }) => {
    const { identity } = await reader.open();
    await reader.read();
    await device.reboot!();
    assertRight(await reader.readAgain(), device.points);
    const { session, identity: after } = await driver.open(device.target);
    await driver.close(session);
    assert.deepEqual(after, identity);
  });
}

/** A point that has a number that the test knows. */
function anyNumber({ points }: TestDevice): TestPoint {
  const point = points.find(({ metric, value }) => value !== undefined && METRICS[metric].kind === 'gauge');
  assert.ok(point, 'the test device names a point with a value');
  return point;
}
