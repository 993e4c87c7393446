import {
  DRIVER_ERRORS,
  type DeviceInspection,
  type DeviceStatus,
  type Driver,
  type DriverErrorCode,
  type GapReason,
  type Outbox,
  type OutletCommand,
  type PointDescription,
  type Poll,
  type Reading,
  type ScaleSuspicion,
} from '@rackwatt/telemetry';
import { type Bound, errorMessage, type Logger, RackwattError } from 'rackwatt';
import { acquisitionError } from './errors.js';
import type { Identities } from './identities.js';
import { Polls } from './polls.js';
import type { Recorder } from './recorder.js';
import { ScaleWatch } from './scale-watch.js';
import type { Schedule } from './schedule.js';
import { type Described, type Numbered, Session } from './session.js';
import type { DeviceSettings } from './settings.js';
import type { TimeSource } from './time.js';

/** What a device needs of acquisition. */
export interface DeviceHost {
  readonly time: TimeSource;
  readonly schedule: Schedule;
  readonly outbox: Pick<Outbox, 'describe' | 'lastNumber'>;
  readonly recorder: Recorder;
  readonly log: Logger;
  /** Best driver of a scheme now. */
  driver(scheme: string): Bound<Driver> | undefined;
  /** Called after each change of state. */
  changed(status: DeviceStatus): void;
  readonly identities: Identities;
  /** Called when values of a device begin to look as if their scale were wrong. */
  suspected(device: string, suspicion: ScaleSuspicion): void;
}

type Failing = 'no-answer' | 'refused' | 'error' | 'no-driver';

/** The driver's own sentence is better than ours: it gets this much longer, ms. */
const GRACE = 250;
/** A call that has not settled by then is given up, with its session, ms. */
const OPEN_LIMIT = 120_000;
const READ_LIMIT = 30_000;
/** Waits between tries to open a device, ms: as long as the interval at first, twice as long each time. */
const LONGEST_WAIT = 60_000;
/** After so many failed reads the device is opened anew: it may be another one by now. */
const FAILURES_BEFORE_REOPEN = 5;
const START_AGAIN_AFTER = 5000;

/**
 * One device: gives each due read its number at the due instant and sees to it that every number ends as exactly one
 * sample or gap, whatever the driver does.
 */
export class Device {
  readonly id: string;
  readonly settings: DeviceSettings;
  readonly #host: DeviceHost;
  #status: DeviceStatus;
  #statusCode = 'connecting';
  #next = 0;
  #session: Session | undefined;
  /** As the last session left it; the driver of that session is not held. */
  #described: Described | undefined;
  /** Settles the number of the read under way as a gap, once. */
  #giveUp: ((reason: GapReason) => void) | undefined;
  readonly #polls = new Polls();
  readonly #scales = new ScaleWatch();
  #busy = false;
  #opening = false;
  #failedOpens = 0;
  #failedReads = 0;
  #openAgainAt = Number.NEGATIVE_INFINITY;
  #lock: Promise<unknown> = Promise.resolve();
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(id: string, settings: DeviceSettings, host: DeviceHost) {
    this.id = id;
    this.settings = settings;
    this.#host = host;
    this.#status = { device: id, state: 'connecting', since: host.time.wall() };
  }

  get status(): DeviceStatus {
    return { ...this.#status };
  }

  /** How reading it goes. */
  inspect(): DeviceInspection {
    return { time: this.#host.time.wall(), polls: this.#polls.list(), suspicions: this.#scales.suspected };
  }

  /** Takes up the numbering and waits for the first due time. */
  async start(): Promise<void> {
    const { outbox, recorder, schedule, time, log } = this.#host;
    let last: number;
    try {
      last = await outbox.lastNumber(this.id);
    } catch (error) {
      if (this.#stopped) return;
      log.error({ device: this.id }, `the last number of ${this.id} could not be read: ${errorMessage(error)}`);
      this.#cancel = time.at(time.now() + START_AGAIN_AFTER, () => void this.start());
      return;
    }
    if (this.#stopped) return;
    recorder.status(this.status);
    this.#next = Math.max(last, recorder.highest(this.id)) + 1;
    this.#cancel = schedule.every(this.id, this.settings.interval, (due, skipped) => this.#onDue(due, skipped));
  }

  /** No number is given after this; the one under way becomes a gap. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    this.#giveUp?.('stopped');
    this.#dropSession();
    await this.#host.recorder.flush(this.id);
  }

  /** It was said who it is: the next read meets it again. */
  identified(): void {
    if (this.#busy && this.#session) this.#session.stale = true;
    else this.#dropSession();
  }

  /** The last word on a device whose configuration is gone. */
  removed(): void {
    this.#host.identities.forget(this.id);
    this.#setStatus('removed', 'removed');
  }

  driverCame(): void {
    if (this.#status.state === 'no-driver' && this.#host.driver(this.settings.scheme))
      this.#setStatus('connecting', 'connecting');
    this.#openAgainAt = Number.NEGATIVE_INFINITY;
  }

  /** The read under way may finish on the driver that goes; the next one opens the device on another. */
  driverWent(driver: Bound<Driver>): void {
    if (this.#session?.driver.id !== driver.id) return;
    this.#session.stale = true;
    if (!this.#busy) this.#dropSession();
  }

  /** Switches an outlet between two reads. */
  async switchOutlet(part: string, command: OutletCommand): Promise<void> {
    await this.#exclusive(async () => {
      const session = this.#usableSession() ?? (await this.#open());
      await this.#within(session.switchOutlet(part, command), READ_LIMIT);
    });
  }

  #onDue(due: number, skipped: number): void {
    const { recorder } = this.#host;
    if (skipped > 0) {
      recorder.gap(this.id, this.#next, this.#next + skipped - 1, 'overrun');
      this.#next += skipped;
    }
    const number = this.#next++;
    const obstacle = this.#obstacle();
    if (obstacle) recorder.gap(this.id, number, number, obstacle);
    else void this.#readDue(number, due);
  }

  /** Why a read that is due now is not even tried. */
  #obstacle(): GapReason | undefined {
    if (this.#busy) return this.#opening ? this.#failure() : 'overrun';
    if (this.#host.recorder.congested(this.id)) return 'outbox-full';
    if (!this.#host.driver(this.settings.scheme)) {
      this.#dropSession();
      this.#setStatus('no-driver', 'no-driver', noDriver(this.settings).message);
      return 'no-driver';
    }
    if (!this.#usableSession() && this.#host.time.now() < this.#openAgainAt) return this.#failure();
    return undefined;
  }

  /** The state as reason of a gap. */
  #failure(): GapReason {
    const { state } = this.#status;
    return state === 'no-answer' || state === 'refused' || state === 'error' || state === 'no-driver'
      ? state
      : 'overrun';
  }

  async #readDue(number: number, due: number): Promise<void> {
    const { time, recorder } = this.#host;
    const deadline = Math.min(time.now() + this.settings.deadline, due + this.settings.interval);
    let open = true;
    const settle = (outcome: () => void) => {
      if (!open) return;
      open = false;
      cancel();
      this.#giveUp = undefined;
      outcome();
    };
    this.#giveUp = (reason) => settle(() => recorder.gap(this.id, number, number, reason));
    const cancel = time.at(deadline + GRACE, () => this.#deadlinePassed(settle, number));
    this.#busy = true;
    const started = { wall: 0 };
    const begun = { wall: time.wall(), at: time.now() };
    const note = (outcome: Pick<Poll, 'values' | 'error'>): void =>
      this.#polls.add({ time: begun.wall, duration: Math.round(time.now() - begun.at), ...outcome });
    try {
      const values = await this.#exclusive(() => this.#obtain(deadline, () => (started.wall = time.wall())));
      settle(() => {
        if (values) recorder.sample({ device: this.id, number, time: started.wall, ...values });
        else recorder.gap(this.id, number, number, this.#failure());
      });
      if (values) note({ values: values.points.length });
      if (values) this.#succeeded();
    } catch (error) {
      const reason = stateOf(error);
      note({ error: { code: codeOf(error), message: errorMessage(error) } });
      settle(() => recorder.gap(this.id, number, number, reason));
      this.#failed(error, reason);
    } finally {
      this.#busy = false;
      if (this.#session?.stale || this.#stopped) this.#dropSession();
    }
  }

  #deadlinePassed(settle: (outcome: () => void) => void, number: number): void {
    settle(() => {
      const reason = this.#opening ? this.#failure() : 'no-answer';
      this.#host.recorder.gap(this.id, number, number, reason);
      if (reason === 'no-answer' && !this.#opening)
        this.#setStatus(
          'no-answer',
          'DEADLINE',
          `${this.settings.target.address} did not answer in time: check it, or allow more time.`,
        );
    });
  }

  /** @returns nothing when opening the device took all the time there was. */
  async #obtain(deadline: number, began: () => void): Promise<Numbered | undefined> {
    const { time } = this.#host;
    const read = async (session: Session) => {
      const left = deadline - time.now();
      if (left <= 0) return undefined;
      began();
      return this.#within(session.read(left), left + READ_LIMIT);
    };
    const session = this.#usableSession() ?? (await this.#open());
    try {
      return await read(session);
    } catch (error) {
      if (!session.stale && !isSessionGone(error)) throw error;
      // The driver was swapped under the read: the same number gets its value from the new one.
      this.#dropSession();
      return await read(await this.#open());
    }
  }

  async #open(): Promise<Session> {
    if (this.#stopped) throw acquisitionError('DEVICE_STOPPED', `${this.id} is no longer read.`);
    const driver = this.#host.driver(this.settings.scheme);
    if (!driver) throw noDriver(this.settings);
    this.#opening = true;
    try {
      const opened = Session.open(
        this.id,
        driver,
        this.#host.outbox,
        this.settings,
        {
          look: (points, reading) => this.#look(points, reading),
          meet: (told) => this.#host.identities.meet(this.id, this.settings.target.address, told),
        },
        this.#described,
      );
      const session = await this.#within(
        opened,
        OPEN_LIMIT,
        () => void opened.then((late) => late.close()).catch(errorMessage),
      );
      this.#session = session;
      this.#failedOpens = 0;
      return session;
    } catch (error) {
      this.#failedOpens++;
      const wait = Math.min(LONGEST_WAIT, this.settings.interval * 2 ** Math.min(this.#failedOpens - 1, 16));
      // The first wait ends with the next due time, give or take the time that this try took.
      this.#openAgainAt = this.#host.time.now() + wait - this.settings.interval / 2;
      throw error;
    } finally {
      this.#opening = false;
    }
  }

  #usableSession(): Session | undefined {
    return this.#session?.stale ? undefined : this.#session;
  }

  #dropSession(): void {
    const session = this.#session;
    this.#session = undefined;
    if (!session) return;
    this.#described = session.described;
    void session
      .close()
      .catch((error: unknown) => this.#host.log.debug(`${this.id}: closing failed: ${errorMessage(error)}`));
  }

  #look(points: readonly PointDescription[], reading: Reading): void {
    for (const suspicion of this.#scales.look(points, reading)) this.#host.suspected(this.id, suspicion);
  }

  #succeeded(): void {
    this.#failedReads = 0;
    const question = this.#host.identities.question(this.id);
    if (!this.#stopped) this.#setStatus('ok', question ? 'IDENTITY' : 'ok', question?.text);
  }

  #failed(error: unknown, state: Failing): void {
    if (!this.#stopped) this.#setStatus(state, codeOf(error), errorMessage(error));
    this.#failedReads++;
    if (isSessionGone(error) || this.#failedReads % FAILURES_BEFORE_REOPEN === 0) this.#dropSession();
  }

  #setStatus(state: DeviceStatus['state'], code: string, detail?: string): void {
    const changed = this.#status.state !== state || this.#statusCode !== code;
    const since = this.#status.state === state ? this.#status.since : this.#host.time.wall();
    this.#status = { device: this.id, state, since, ...(detail === undefined ? {} : { detail }) };
    this.#statusCode = code;
    if (changed) this.#host.changed(this.status);
  }

  /** One call of a driver for a session at a time. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lock.then(work);
    this.#lock = result.catch((error: unknown) => void errorMessage(error));
    return result;
  }

  /** Gives up what does not settle; a session on which it hangs is given up with it. */
  #within<T>(work: Promise<T>, limit: number, abandoned?: () => void): Promise<T> {
    const { time } = this.#host;
    return new Promise<T>((resolve, reject) => {
      const cancel = time.at(time.now() + limit, () => {
        if (this.#session) this.#session.stale = true;
        abandoned?.();
        reject(
          acquisitionError(
            'DEVICE_NO_ANSWER',
            `The driver of ${this.settings.target.address} hangs: it did not settle in ${Math.round(limit / 1000)} s.`,
          ),
        );
      });
      work.then(resolve, reject).finally(cancel);
    });
  }
}

const codeOf = (error: unknown): string => (error instanceof RackwattError ? error.code : 'UNKNOWN');

function stateOf(error: unknown): Failing {
  if (!(error instanceof RackwattError)) return 'error';
  if (error.code === 'DEVICE_NO_DRIVER') return 'no-driver';
  return DRIVER_ERRORS[error.code as DriverErrorCode] ?? 'error';
}

/** The driver was swapped: it knows the session no more, or is itself no more. */
const isSessionGone = (error: unknown): boolean =>
  error instanceof RackwattError && (error.code === 'DEVICE_SESSION_GONE' || error.code === 'SERVICE_GONE');

export function noDriver({ scheme }: Pick<DeviceSettings, 'scheme'>): RackwattError {
  return acquisitionError(
    'DEVICE_NO_DRIVER',
    `No driver takes addresses that begin with ${scheme}://; install or start a bundle that does.`,
  );
}
