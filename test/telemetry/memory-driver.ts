/**
 * A driver of devices that live in memory, and ways to break it: `node --test memory-driver.js` with the name of a mistake in
 * `MISTAKE` runs the conformance tests of drivers over it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  Driver,
  METRICS,
  Quality,
  type DeviceTarget,
  type OpenDevice,
  type ProbeResult,
  type Reading,
} from '@rackwatt/telemetry';
import { driverConformance, type TestPoint } from '@rackwatt/telemetry/testing';
import { component, RackwattError } from 'rackwatt';

const MISTAKE = process.env['MISTAKE'] ?? '';
const POINTS = [1, 2].flatMap((outlet): (TestPoint & { value: number })[] => [
  { part: `outlet/${outlet}`, metric: 'power.active', value: 100 + outlet },
  { part: `outlet/${outlet}`, metric: 'current.rms', value: outlet },
]);
const SENTINEL = -1;

/** What a device answers to each request: numbers, with -1 for none, undefined for what it has not. */
class MemoryDevice {
  readonly values = new Map(POINTS.map(({ part, metric, value }) => [`${part} ${metric}`, value]));
  mode: 'well' | 'silent' | 'rubbish' = 'well';
  latency = 0;
  boots = 1;
  /** An answer that came after its request was given up lies here, as in the buffer of a socket. */
  late: (number | undefined)[] | undefined;
}
const devices = new Map<string, MemoryDevice>();

const failure = (code: string, message: string): RackwattError => new RackwattError(code, message);

class MemoryDriver implements Driver {
  readonly #sessions = new Map<string, { device: MemoryDevice; address: string; before?: number[] }>();
  #next = 1;

  async open({ address }: DeviceTarget): Promise<OpenDevice> {
    if (!/^memory:\/\/\d+$/.test(address) && MISTAKE !== 'takes any address')
      throw failure('DEVICE_ADDRESS_INVALID', `${address} is no address of memory.`);
    const device = devices.get(address) ?? new MemoryDevice();
    if (device.mode === 'silent') throw failure('DEVICE_NO_ANSWER', `${address} did not answer: check it.`);
    const session = MISTAKE === 'one session for all' ? 'memory-1' : `memory-${this.#next++}`;
    this.#sessions.set(session, { device, address });
    return this.#describe(session, device);
  }

  async describe(session: string): Promise<OpenDevice> {
    return this.#describe(session, this.#session(session).device);
  }

  async read(session: string, { deadline }: { deadline: number }): Promise<Reading> {
    const open = this.#session(session);
    const { device } = open;
    if (MISTAKE === 'leaves a timer') setInterval(() => undefined, 60_000);
    if (device.mode === 'silent') {
      await delay(MISTAKE === 'waits for ever' ? 60_000 : Math.min(deadline, 100));
      if (MISTAKE === 'a code of its own') throw failure('MEMORY_SILENT', 'nobody answered at all');
      throw failure('DEVICE_NO_ANSWER', `${open.address} did not answer in time: check it.`);
    }
    const answer = POINTS.map((point) => device.values.get(`${point.part} ${point.metric}`));
    if (device.latency > 0) {
      setTimeout(() => (device.late = answer), device.latency).unref();
      await delay(deadline);
      throw failure('DEVICE_NO_ANSWER', `${open.address} did not answer in time: check it.`);
    }
    const numbers = MISTAKE === 'takes a late answer' && device.late ? device.late : answer;
    device.late = undefined;
    if (device.mode === 'rubbish') {
      if (MISTAKE !== 'believes rubbish') throw failure('DEVICE_GARBAGE', `${open.address} answered rubbish.`);
      numbers.fill(7);
    }
    const values = Float64Array.from(numbers, (number, i) => {
      if (number === undefined) return MISTAKE === 'keeps what is gone' ? (open.before?.[i] ?? 0) : Number.NaN;
      return number === SENTINEL && MISTAKE !== 'takes a sentinel for a value' ? Number.NaN : number;
    });
    open.before = [...values];
    const good = MISTAKE === 'calls everything good';
    return {
      layout: 1,
      time: Date.now(),
      points: Uint32Array.from(POINTS.keys()),
      values,
      quality: Uint16Array.from(values, (value) => (Number.isNaN(value) && !good ? Quality.BAD : 0)),
      states: new Uint8Array(MISTAKE === 'columns of two lengths' ? 1 : values.length),
    };
  }

  async probe(target: DeviceTarget): Promise<ProbeResult> {
    const { session, layout: _, ...description } = await this.open(target);
    const reading = await this.read(session, { deadline: 1000 });
    await this.close(session);
    return { ...description, reading, cost: { requests: 1, milliseconds: 0 } };
  }

  async close(session: string): Promise<void> {
    if (MISTAKE !== 'closes nothing') this.#sessions.delete(session);
  }

  async switchOutlet(): Promise<void> {
    throw failure('DEVICE_NOT_SWITCHABLE', 'memory has nothing to switch');
  }

  #describe(session: string, device: MemoryDevice): OpenDevice {
    return {
      session,
      layout: 1,
      identity: {
        vendor: 'Memory',
        serial: MISTAKE === 'another device after a reboot' ? `boot ${device.boots}` : '1',
      },
      parts: [{ path: 'outlet/1' }, { path: 'outlet/2' }],
      points: POINTS.map(({ part, metric }) => ({
        part,
        metric,
        unit: MISTAKE === 'a unit of its own' ? 'kW' : METRICS[metric].unit,
      })),
    };
  }

  #session(session: string) {
    const open = this.#sessions.get(session);
    if (!open) throw failure('DEVICE_SESSION_GONE', `There is no session ${session}: open the device again.`);
    return open;
  }
}

let next = 1;
driverConformance({
  driver: component({ name: 'memory', provides: Driver, activate: () => new MemoryDriver() }),
  wrongAddresses: ['memory://', 'snmp://host'],
  device() {
    const address = `memory://${next++}`;
    const device = new MemoryDevice();
    devices.set(address, device);
    return {
      target: { address, profile: 'auto' },
      points: POINTS,
      set: ({ part, metric }, value) => void device.values.set(`${part} ${metric}`, value),
      silent: () => void (device.mode = 'silent'),
      late: (milliseconds) => void (device.latency = milliseconds),
      rubbish: () => void (device.mode = 'rubbish'),
      noValue: ({ part, metric }) => void device.values.set(`${part} ${metric}`, SENTINEL),
      missing(part) {
        for (const key of device.values.keys()) if (key.startsWith(`${part} `)) device.values.delete(key);
      },
      reboot: () => void device.boots++,
      heal() {
        device.mode = 'well';
        device.latency = 0;
      },
    };
  },
});
