import assert from 'node:assert/strict';
import { RackwattError } from 'rackwatt';
import type { DeviceTarget } from '../device.js';
import { DRIVER_ERRORS, type Driver, type OpenDevice, type Reading } from '../driver.js';
import { METRICS } from '../metrics.js';
import type { TestPoint } from './device.js';

/** ms that one read gets. */
export const DEADLINE = 2_000;
/** ms within which a device that is well again must be read. */
const RECOVERY = 15_000;
const PAUSE = 50;

export interface Value {
  value: number;
  quality: number;
  state: number;
}

/** A device as acquisition reads it: opened anew when the driver knows the session no more. */
export class Reader {
  readonly #driver: Driver;
  readonly #target: DeviceTarget;
  #open: OpenDevice | undefined;

  constructor(driver: Driver, target: DeviceTarget) {
    this.#driver = driver;
    this.#target = target;
  }

  async open(): Promise<OpenDevice> {
    return (this.#open ??= await this.#driver.open(this.#target));
  }

  async read(deadline = DEADLINE): Promise<Map<string, Value>> {
    const { session } = await this.open();
    const reading = await this.#driver.read(session, { deadline });
    if (reading.layout !== this.#open!.layout) this.#open = await this.#driver.describe(session);
    return valuesOf(this.#open!, reading);
  }

  /** Reads until it succeeds. @throws what the last read threw */
  async readAgain(): Promise<Map<string, Value>> {
    const until = performance.now() + RECOVERY;
    for (;;) {
      try {
        return await this.read();
      } catch (error) {
        if (performance.now() > until) throw error;
        if (codeOf(error) === 'DEVICE_SESSION_GONE') this.#open = undefined;
        await new Promise((go) => setTimeout(go, PAUSE));
      }
    }
  }
}

export const keyOf = ({ part, metric }: Pick<TestPoint, 'part' | 'metric'>): string => `${part} ${metric}`;

/** By part and metric; checks that the reading is what the contract says. */
export function valuesOf({ points }: OpenDevice, reading: Reading): Map<string, Value> {
  const { length } = reading.points;
  for (const column of ['values', 'quality', 'states'] as const)
    assert.equal(reading[column].length, length, `the column "${column}" is as long as "points"`);
  const values = new Map<string, Value>();
  for (const [slot, index] of reading.points.entries()) {
    const point = points[index];
    assert.ok(point, `point ${index} is in the description`);
    const key = keyOf(point);
    assert.ok(!values.has(key), `${key} comes once in a reading`);
    const [value, quality, state] = [reading.values[slot]!, reading.quality[slot]!, reading.states[slot]!];
    if (METRICS[point.metric].kind === 'state') assert.ok(Number.isNaN(value), `${key} is a state and has no number`);
    else if (quality === 0) assert.ok(Number.isFinite(value), `${key} is good and a number, not ${value}`);
    values.set(key, { value, quality, state });
  }
  return values;
}

/** Good values are those that the device has; at least one is good. */
export function assertRight(values: ReadonlyMap<string, Value>, points: readonly TestPoint[]): void {
  for (const point of points) {
    const key = keyOf(point);
    const read = values.get(key);
    assert.ok(read, `${key} is read; read were ${[...values.keys()].join(', ')}`);
    assert.equal(read.quality, 0, `${key} is good`);
    assertNotWrong(point, read);
  }
}

/** A good value is the right one, to the digits that a device may lose. */
export function assertNotWrong(point: TestPoint, { value, quality }: Value): void {
  if (quality !== 0 || point.value === undefined) return;
  const close = Math.abs(value - point.value) <= Math.max(0.011, Math.abs(point.value) * 0.001);
  assert.ok(close, `${keyOf(point)} is ${point.value}, and was read as ${value}`);
}

/** Rejects with a code of `DRIVER_ERRORS`, and a sentence. */
export async function assertRejects(work: Promise<unknown>, what: string, ...codes: string[]): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    const code = codeOf(error) ?? '';
    assert.ok(code in DRIVER_ERRORS, `${what}: "${code}" is a code of DRIVER_ERRORS (${String(error)})`);
    if (codes.length > 0) assert.ok(codes.includes(code), `${what}: the code is ${codes.join(' or ')}, not ${code}`);
    assert.ok((error as Error).message.length > 10, `${what}: the message says what to check`);
    return true;
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof RackwattError ? error.code : (error as { code?: string }).code;
}
