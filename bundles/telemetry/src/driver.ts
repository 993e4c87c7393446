import { contract } from 'rackwatt';
import type { DeviceDescription, DeviceIdentity, DeviceTarget } from './device.js';
import type { ScaleSuspicion } from './plausibility.js';
import type { Sample } from './sample.js';

/** What a driver reads: a sample without the numbers that acquisition gives. */
export type Reading = Omit<Sample, 'device' | 'number'> & {
  /** Changes when the device's points changed: then ask `describe` again before using `points`. */
  layout: number;
};

export interface OpenDevice extends DeviceDescription {
  /** Handle for the other calls, good until `close`, until the driver goes, or for ever. */
  session: string;
  layout: number;
}

/** How a value came about, for `probe --explain` and the device page. */
export interface Explanation {
  point: number;
  /** Where it was read: an OID, a register, a JSON pointer. */
  source: string;
  raw: string;
  /** Factor from raw to value, and where the factor stands. */
  scale?: number;
  scaleSource?: string;
}

/** One unit of a device as it was probed. */
export interface ProbedUnit extends DeviceDescription {
  /** Number in its chain, as addresses name it; absent when the device has no chains. */
  unit?: number;
  reading: Reading;
  explain?: Explanation[];
}

export interface ProbeResult extends ProbedUnit {
  /** The further units of a chain behind the same agent, when the address names none. */
  units?: ProbedUnit[];
  /** ms for which the device says that it runs; with `explain`. */
  upTime?: number;
  /** Requests and milliseconds that it took. */
  cost: { requests: number; milliseconds: number };
}

export interface ReadOptions {
  /** ms from now until which the answer is of use. */
  deadline: number;
  /** `all` or only what changes often. */
  pollClass?: 'fast' | 'all';
}

export type OutletCommand = 'on' | 'off' | 'cycle';

/**
 * Reads devices of one protocol. Service property `scheme` names the scheme of the addresses that it takes.
 *
 * Errors are `RackwattError`s with the codes of `DRIVER_ERRORS`. One call for a session at a time.
 */
export interface Driver {
  /** Recognises a device, reads it once and forgets it. */
  probe(target: DeviceTarget, options?: { explain?: boolean }): Promise<ProbeResult>;
  open(target: DeviceTarget): Promise<OpenDevice>;
  describe(session: string): Promise<OpenDevice>;
  read(session: string, options: ReadOptions): Promise<Reading>;
  /** Switches an outlet; settles when the device has taken the command. */
  switchOutlet(session: string, part: string, command: OutletCommand): Promise<void>;
  close(session: string): Promise<void>;
}

/** A device that answers slowly is walked through for a minute, ms. */
const DISCOVERY = 120_000;

export const Driver = contract<Driver>('rackwatt.telemetry/Driver', {
  major: 1,
  methods: ['probe', 'open', 'describe', 'read', 'switchOutlet', 'close'],
  transfers: ['probe', 'read'],
  timeout: DISCOVERY,
});

/** Codes of a driver's errors, and the device state that each means. */
export const DRIVER_ERRORS = {
  DEVICE_NO_ANSWER: 'no-answer',
  DEVICE_REFUSED: 'refused',
  DEVICE_UNKNOWN_USER: 'refused',
  DEVICE_WRONG_KEY: 'refused',
  DEVICE_NOT_RECOGNISED: 'error',
  DEVICE_GARBAGE: 'error',
  DEVICE_ADDRESS_INVALID: 'error',
  DEVICE_CREDENTIALS_INVALID: 'error',
  DEVICE_SESSION_GONE: 'error',
  DEVICE_NOT_SWITCHABLE: 'error',
} as const;

export type DriverErrorCode = keyof typeof DRIVER_ERRORS;

/** Switches outlets by device id; provided by acquisition, which alone calls drivers. */
export interface OutletControl {
  switchOutlet(device: string, part: string, command: OutletCommand): Promise<void>;
}

export const OutletControl = contract<OutletControl>('rackwatt.telemetry/OutletControl', {
  major: 1,
  methods: ['switchOutlet'],
});

/** One read of a device. */
export interface Poll {
  /** Wall time at which it began, ms since 1970. */
  time: number;
  /** ms until it settled. */
  duration: number;
  /** Values that were read; absent when it failed. */
  values?: number;
  /** Why it failed. */
  error?: { code: string; message: string };
}

/** How reading a device goes. */
export interface DeviceInspection {
  /** Wall time of the gateway, ms since 1970. */
  time: number;
  /** The last reads, oldest first. */
  polls: Poll[];
  /** Values that do not go together, as if a scale were wrong. */
  suspicions: ScaleSuspicion[];
}

/**
 * A configured address answers as another unit than before, and nobody has said yet what that means. Its readings are suspect until
 * then, and those of the unit that answers, never of the one that was.
 */
export interface IdentityQuestion {
  was: DeviceIdentity;
  now: DeviceIdentity;
  /** ms since 1970. */
  since: number;
  /** The device at whose address the one that was answers now. */
  movedTo?: string;
  /** The device as which the one that answers now was known. */
  cameFrom?: string;
  /** The whole of it as one sentence. */
  text: string;
}

/** Who a configured device is, as it was last sure. */
export interface KnownIdentity {
  device: string;
  address: string;
  /** Absent: it never told. */
  identity?: DeviceIdentity;
  question?: IdentityQuestion;
}

/** `replaced`: another unit hangs there now, and its history begins. `same`: it is the same unit, whose history goes on. */
export type IdentityAnswer = 'replaced' | 'same';

/** What acquisition knows of the devices of this gateway. */
export interface Devices {
  status(): Promise<import('./sample.js').DeviceStatus[]>;
  /** How reading a device goes. @throws RackwattError `DEVICE_UNKNOWN` */
  inspect(device: string): Promise<DeviceInspection>;
  /** Reads a device once more, beside its polls, with the origin of each value. @throws RackwattError `DEVICE_UNKNOWN` */
  explain(device: string): Promise<ProbeResult>;
  /** Reads once with a configuration that is not saved yet. */
  preview(target: DeviceTarget): Promise<ProbeResult>;
  identities(): Promise<KnownIdentity[]>;
  /** Answers the question of a device. @throws RackwattError `DEVICE_UNKNOWN`, `DEVICE_NO_QUESTION` */
  acceptIdentity(device: string, answer: IdentityAnswer): Promise<void>;
}

export const Devices = contract<Devices>('rackwatt.telemetry/Devices', {
  major: 1,
  methods: ['status', 'inspect', 'explain', 'preview', 'identities', 'acceptIdentity'],
  transfers: ['preview', 'explain'],
  timeout: DISCOVERY,
});
