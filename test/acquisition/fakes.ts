import type { TimeSource } from '@rackwatt/acquisition';
import type {
  DeviceDescription,
  DeviceIdentity,
  DeviceStatus,
  Driver,
  EventRecord,
  Gap,
  OpenDevice,
  Outbox,
  OutletCommand,
  ProbeResult,
  Reading,
  Sample,
} from '@rackwatt/telemetry';
import { type Bound, type LiveSet, type Logger, RackwattError } from 'rackwatt';

/** Time that passes only when a test says so. */
export class FakeTime implements TimeSource {
  #now = 0;
  #wallOffset = 1_800_000_000_000;
  #timers: { time: number; order: number; run: () => void }[] = [];
  #order = 0;

  now = (): number => this.#now;
  wall = (): number => this.#wallOffset + this.#now;

  at(time: number, run: () => void): () => void {
    const timer = { time: Math.max(time, this.#now), order: this.#order++, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  get pending(): number {
    return this.#timers.length;
  }

  /** Lets time pass, timers in their order, and whatever they set off settle in between. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = this.#timers.toSorted((a, b) => a.time - b.time || a.order - b.order)[0];
      if (!next || next.time > end) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.time);
      next.run();
    }
    this.#now = end;
    await settled();
  }

  /** The process stands still: time goes on, and timers run late. */
  freeze(milliseconds: number): void {
    this.#now += milliseconds;
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.at(this.#now + milliseconds, resolve));
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a driver does with a call. */
export type Behaviour =
  | { kind: 'ok' }
  | { kind: 'slow'; milliseconds: number }
  | { kind: 'hang' }
  | { kind: 'fail'; code: string }
  | { kind: 'crash' }
  | { kind: 'relayout' }
  | { kind: 'garbage' };

/** Takes behaviours from a list, then goes on with `ok`. */
export class FakeDriver implements Driver {
  readonly calls: string[] = [];
  readonly time: FakeTime;
  readonly script: Behaviour[];
  openSessions = new Set<string>();
  layout = 1;
  outlets = 2;
  identity: DeviceIdentity = { vendor: 'Acme', serial: '1' };

  constructor(time: FakeTime, script: Behaviour[] = []) {
    this.time = time;
    this.script = script;
  }

  async open(): Promise<OpenDevice> {
    await this.#behave('open');
    const session = `session-${this.calls.length}`;
    this.openSessions.add(session);
    return { session, layout: this.layout, ...this.#description() };
  }

  async describe(session: string): Promise<OpenDevice> {
    this.calls.push('describe');
    return { session, layout: this.layout, ...this.#description() };
  }

  async read(session: string): Promise<Reading> {
    const behaviour = await this.#behave('read');
    if (!this.openSessions.has(session)) throw new RackwattError('DEVICE_SESSION_GONE', 'The session is gone.');
    if (behaviour.kind === 'relayout') {
      this.layout++;
      this.outlets++;
    }
    const points = Uint32Array.from({ length: this.outlets }, (_, i) => i);
    if (behaviour.kind === 'garbage') points[0] = 1000;
    return {
      layout: this.layout,
      time: 0,
      points,
      values: Float64Array.from(points, (point) => point * 10),
      quality: new Uint16Array(points.length),
      states: new Uint8Array(points.length),
    };
  }

  async switchOutlet(_session: string, part: string, command: OutletCommand): Promise<void> {
    await this.#behave(`${command} ${part}`);
  }

  async close(session: string): Promise<void> {
    this.openSessions.delete(session);
  }

  async probe(): Promise<ProbeResult> {
    throw new RackwattError('DEVICE_NO_ANSWER', 'No answer.');
  }

  #description(): DeviceDescription {
    return {
      identity: this.identity,
      parts: Array.from({ length: this.outlets }, (_, i) => ({ path: `outlet/${i + 1}` })),
      points: Array.from({ length: this.outlets }, (_, i) => ({
        part: `outlet/${i + 1}`,
        metric: 'power.active',
        unit: 'W',
      })),
    };
  }

  async #behave(call: string): Promise<Behaviour> {
    this.calls.push(call);
    const behaviour = this.script.shift() ?? { kind: 'ok' };
    if (behaviour.kind === 'slow') await this.time.wait(behaviour.milliseconds);
    if (behaviour.kind === 'hang') await new Promise(() => undefined);
    if (behaviour.kind === 'fail') throw new RackwattError(behaviour.code, `It failed with ${behaviour.code}.`);
    if (behaviour.kind === 'crash') throw new TypeError('a bug');
    return behaviour;
  }
}

/** The drivers of a node, which come and go. */
export class FakeDrivers implements LiveSet<Driver> {
  #bound: Bound<Driver>[] = [];
  #added: ((bound: Bound<Driver>) => void)[] = [];
  #removed: ((bound: Bound<Driver>) => void)[] = [];
  #next = 1;

  get size(): number {
    return this.#bound.length;
  }

  [Symbol.iterator](): Iterator<Bound<Driver>> {
    return this.#bound[Symbol.iterator]();
  }

  onAdded(listener: (bound: Bound<Driver>) => void): () => void {
    this.#added.push(listener);
    this.#bound.forEach(listener);
    return () => undefined;
  }

  onRemoved(listener: (bound: Bound<Driver>) => void): () => void {
    this.#removed.push(listener);
    return () => undefined;
  }

  /** @returns takes it away again. */
  add(service: Driver, scheme = 'snmp'): () => void {
    const bound = { service, properties: { scheme }, id: this.#next++ };
    this.#bound.push(bound);
    this.#added.forEach((listener) => listener(bound));
    return () => {
      this.#bound = this.#bound.filter((other) => other !== bound);
      this.#removed.forEach((listener) => listener(bound));
    };
  }
}

/** Keeps what is appended; numbers points as an outbox does. */
export class FakeOutbox implements Pick<Outbox, 'describe' | 'append' | 'lastNumber'> {
  readonly samples: Sample[] = [];
  readonly gaps: Gap[] = [];
  readonly statuses: DeviceStatus[] = [];
  readonly events: EventRecord[] = [];
  readonly points = new Map<string, number>();
  /** Who each device was described as, in turn. */
  readonly described: string[] = [];
  appends = 0;
  describes = 0;
  /** While set, appends wait for it. */
  hold: Promise<void> | undefined;
  failNext = 0;

  async describe(device: string, { identity, points }: DeviceDescription): Promise<Uint32Array> {
    this.describes++;
    this.described.push(`${device} ${identity.serial}`);
    return Uint32Array.from(points, ({ part, metric }) => {
      const key = `${device} ${part} ${metric}`;
      if (!this.points.has(key)) this.points.set(key, 100 + this.points.size);
      return this.points.get(key)!;
    });
  }

  async append(records: Parameters<Outbox['append']>[0]): Promise<void> {
    this.appends++;
    if (this.hold) await this.hold;
    if (this.failNext > 0) {
      this.failNext--;
      throw new RackwattError('OUTBOX_FAILED', 'The disk is gone.');
    }
    this.samples.push(...(records.samples ?? []));
    this.gaps.push(...(records.gaps ?? []));
    this.statuses.push(...(records.statuses ?? []));
    this.events.push(...(records.events ?? []));
  }

  async lastNumber(device: string): Promise<number> {
    const numbers = [
      ...this.samples.filter((sample) => sample.device === device).map(({ number }) => number),
      ...this.gaps.filter((gap) => gap.device === device).map(({ to }) => to),
    ];
    return Math.max(0, ...numbers);
  }

  /** All numbers of a device that are accounted for, as often as they are, in order. */
  accounted(device: string): number[] {
    const numbers = this.samples.filter((sample) => sample.device === device).map(({ number }) => number);
    for (const gap of this.gaps)
      if (gap.device === device) for (let number = gap.from; number <= gap.to; number++) numbers.push(number);
    return numbers.sort((a, b) => a - b);
  }

  /** Gaps of a device as `from-to reason`. */
  gapLines(device: string): string[] {
    return this.gaps.filter((gap) => gap.device === device).map(({ from, to, reason }) => `${from}-${to} ${reason}`);
  }
}

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
