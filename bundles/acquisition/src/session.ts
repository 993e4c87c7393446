import { isDeepStrictEqual } from 'node:util';
import {
  type DeviceLocation,
  type DeviceIdentity,
  type Driver,
  type OpenDevice,
  type Outbox,
  type PointDescription,
  Quality,
  type Reading,
  type Sample,
} from '@rackwatt/telemetry';
import type { Bound } from 'rackwatt';
import { acquisitionError } from './errors.js';
import type { Met } from './identities.js';
import type { DeviceSettings } from './settings.js';

/** Values of a read by point numbers of the outbox. */
export type Numbered = Omit<Sample, 'device' | 'number' | 'time'>;

/** A device as it was described to the outbox, and the numbers that its points got. */
export interface Described {
  readonly device: Pick<OpenDevice, 'identity' | 'parts' | 'points'>;
  readonly numbers: Uint32Array;
}

/** Sees every reading with the points that it is of. */
export type Look = (points: readonly PointDescription[], reading: Reading) => void;

/** What a session asks of the device that holds it. */
export interface Watch {
  look: Look;
  /** As whom one that tells this of itself is described. */
  meet: (told: DeviceIdentity) => Met;
}

/** A device held open at one driver, and the numbers that the outbox gave its points. */
export class Session {
  readonly driver: Bound<Driver>;
  /** Set when the driver went: the read under way may finish, no other begins. */
  stale = false;
  readonly #device: string;
  readonly #outbox: Pick<Outbox, 'describe'>;
  readonly #watch: Watch;
  readonly #context: { location: DeviceLocation; interval: number };
  #open: OpenDevice;
  #numbers: Uint32Array;
  /** Another unit answers than before: what it measures is suspect. */
  #isInDoubt: boolean;

  private constructor(
    device: string,
    driver: Bound<Driver>,
    outbox: Pick<Outbox, 'describe'>,
    settings: DeviceSettings,
    open: OpenDevice,
    numbers: Uint32Array,
    watch: Watch,
    isInDoubt: boolean,
  ) {
    this.#watch = watch;
    this.#isInDoubt = isInDoubt;
    this.#device = device;
    this.driver = driver;
    this.#outbox = outbox;
    this.#context = contextOf(settings);
    this.#open = open;
    this.#numbers = numbers;
  }

  /** `before` spares telling the outbox again what it knows: a driver that is swapped has every device opened anew at once. */
  static async open(
    device: string,
    driver: Bound<Driver>,
    outbox: Pick<Outbox, 'describe'>,
    settings: DeviceSettings,
    watch: Watch,
    before?: Described,
  ): Promise<Session> {
    const told = await driver.service.open(settings.target);
    const { identity, isInDoubt } = watch.meet(told.identity);
    const open = { ...told, identity };
    const numbers =
      before && isDeepStrictEqual(before.device, deviceOf(open))
        ? before.numbers
        : await outbox.describe(device, open, contextOf(settings));
    return new Session(device, driver, outbox, settings, open, numbers, watch, isInDoubt);
  }

  get description(): OpenDevice {
    return this.#open;
  }

  get described(): Described {
    return { device: deviceOf(this.#open), numbers: this.#numbers };
  }

  /** Reads and numbers; a changed layout is described again first. */
  async read(deadline: number): Promise<Numbered> {
    const reading = await this.driver.service.read(this.#open.session, { deadline });
    if (reading.layout !== this.#open.layout) {
      const told = await this.driver.service.describe(this.#open.session);
      const { identity, isInDoubt } = this.#watch.meet(told.identity);
      this.#isInDoubt = isInDoubt;
      this.#open = { ...told, identity };
      this.#numbers = await this.#outbox.describe(this.#device, this.#open, this.#context);
    }
    if (reading.layout !== this.#open.layout)
      throw acquisitionError(
        'DEVICE_GARBAGE',
        `The points of ${this.#device} changed while it was read; the next read takes them.`,
      );
    this.#watch.look(this.#open.points, reading);
    return this.#numbered(reading);
  }

  switchOutlet(part: string, command: 'on' | 'off' | 'cycle'): Promise<void> {
    return this.driver.service.switchOutlet(this.#open.session, part, command);
  }

  async close(): Promise<void> {
    await this.driver.service.close(this.#open.session);
  }

  #numbered({ points, values, quality, states }: Reading): Numbered {
    const { length } = points;
    if (values.length !== length || quality.length !== length || states.length !== length)
      throw acquisitionError('DEVICE_GARBAGE', `The driver of ${this.#device} gave columns of different lengths.`);
    const numbered = new Uint32Array(length);
    for (let i = 0; i < length; i++) {
      const number = this.#numbers[points[i]!];
      if (number === undefined)
        throw acquisitionError(
          'DEVICE_GARBAGE',
          `The driver of ${this.#device} gave a value for point ${points[i]}, which it did not describe.`,
        );
      numbered[i] = number;
    }
    if (this.#isInDoubt) for (let i = 0; i < length; i++) quality[i]! |= Quality.SUSPECT;
    return { points: numbered, values, quality, states };
  }
}

const deviceOf = ({ identity, parts, points }: OpenDevice): Described['device'] => ({ identity, parts, points });
const contextOf = ({ location, interval }: DeviceSettings) => ({ location, interval });
