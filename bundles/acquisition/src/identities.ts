import {
  type DeviceIdentity,
  type IdentityAnswer,
  type IdentityQuestion,
  identityText,
  isSameDevice,
  type KnownIdentity,
  vendorAndSerial,
} from '@rackwatt/telemetry';
import { acquisitionError } from './errors.js';
import type { IdentityFile, Remembered } from './identity-file.js';

/** As whom a device that answers is to be described, and whether that is in doubt. */
export interface Met {
  identity: DeviceIdentity;
  isInDoubt: boolean;
}

/** Something about who a device is, worth telling. */
export interface IdentityNews {
  device: string;
  kind: 'asked' | 'as-before' | 'accepted' | 'met-elsewhere';
  message: string;
  data: Record<string, unknown>;
}

/**
 * Who answers at each configured device, remembered beyond restarts. That another unit answers than before is asked about, never
 * guessed: until somebody says what it means, its readings are its own, and suspect.
 */
export class Identities {
  readonly #file: IdentityFile;
  readonly #now: () => number;
  readonly #tell: (news: IdentityNews) => void;
  /** Where each device was met last, and as whom, in this process. */
  readonly #met = new Map<string, { address: string; told: DeviceIdentity }>();

  /** @param now wall time, ms since 1970 */
  constructor(file: IdentityFile, now: () => number, tell: (news: IdentityNews) => void) {
    this.#file = file;
    this.#now = now;
    this.#tell = tell;
  }

  /** Takes what a device says of itself when it is opened, or when it says something else than before. */
  meet(device: string, address: string, told: DeviceIdentity): Met {
    this.#met.set(device, { address, told });
    const known = this.#file.get(device);
    if (!known) return this.#meetFirst(device, told);
    if (isSame(known.identity, told)) {
      if (known.question)
        this.#told(device, 'as-before', `${device} answers as ${identityText(told)} again.`, { now: told });
      // One that leaves out its serial is still the one that told it.
      this.#remember(device, { identity: vendorAndSerial(told) ? told : known.identity });
      return { identity: told, isInDoubt: false };
    }
    if (known.alias && isSame(known.alias, told)) {
      if (known.question) this.#remember(device, { identity: known.identity, alias: known.alias });
      return { identity: asOne(told, known.identity), isInDoubt: false };
    }
    if (!known.question || !isSame(known.question.now, told)) {
      this.#remember(device, { ...known, question: { now: told, since: this.#now() } });
      const { text, ...data } = this.question(device)!;
      this.#told(device, 'asked', text, data);
    }
    return { identity: told, isInDoubt: true };
  }

  /** Its configuration is gone: whoever comes under this name is another device. */
  forget(device: string): void {
    this.#met.delete(device);
    this.#file.set(device, undefined);
  }

  known(device: string, address: string): KnownIdentity {
    const identity = this.#file.get(device)?.identity;
    const question = this.question(device);
    return { device, address, ...(identity && { identity }), ...(question && { question }) };
  }

  question(device: string): IdentityQuestion | undefined {
    const known = this.#file.get(device);
    if (!known?.question) return undefined;
    const { identity: was, question } = known;
    const others = [...this.#met].filter(([name]) => name !== device);
    const movedTo = others.find(([, { told }]) => isSameDevice(told, was))?.[0];
    const cameFrom = others.find(([name]) => isSameDevice(this.#file.get(name)?.identity ?? {}, question.now))?.[0];
    const asked = {
      was,
      ...question,
      ...(movedTo !== undefined && { movedTo }),
      ...(cameFrom !== undefined && { cameFrom }),
    };
    return { ...asked, text: sentenceOf(device, this.#met.get(device)?.address, asked) };
  }

  /** @throws `DEVICE_NO_QUESTION`, `DEVICE_IDENTITY_TAKEN` */
  accept(device: string, answer: IdentityAnswer): void {
    const known = this.#file.get(device);
    const question = this.question(device);
    if (!known || !question)
      throw acquisitionError(
        'DEVICE_NO_QUESTION',
        `Who "${device}" is is no question; "rackwatt device identity list" shows what is.`,
      );
    const { was, now, cameFrom } = question;
    if (answer === 'same' && cameFrom !== undefined)
      throw acquisitionError(
        'DEVICE_IDENTITY_TAKEN',
        `${identityText(now)} is known as "${cameFrom}", so it cannot be the one that "${device}" was; correct the addresses, or accept "replaced".`,
      );
    if (answer === 'replaced') this.#remember(device, { identity: now });
    else this.#remember(device, { identity: known.identity, alias: now });
    const meaning = answer === 'replaced' ? 'in the place of' : 'and takes it for the same unit as';
    this.#told(device, 'accepted', `${device} is ${identityText(now)} from now on, ${meaning} ${identityText(was)}.`, {
      was,
      now,
      answer,
    });
  }

  #meetFirst(device: string, told: DeviceIdentity): Met {
    if (vendorAndSerial(told)) {
      const other = this.#file.find(({ identity }) => isSameDevice(identity, told));
      this.#remember(device, { identity: told });
      if (other !== undefined)
        this.#told(
          device,
          'met-elsewhere',
          `${device} answers as ${identityText(told)}, which is known as ${other}: it moved, or it is read twice.`,
          { now: told, known: other },
        );
    }
    return { identity: told, isInDoubt: false };
  }

  #remember(device: string, remembered: Remembered): void {
    this.#file.set(device, remembered);
  }

  #told(device: string, kind: IdentityNews['kind'], message: string, data: Record<string, unknown>): void {
    this.#tell({ device, kind, message, data });
  }
}

/** Where one does not tell vendor and serial: by what it tells, so that a device that leaves out its serial once is no other one. */
function isSame(known: DeviceIdentity, told: DeviceIdentity): boolean {
  if (isSameDevice(known, told)) return true;
  if (vendorAndSerial(known) && vendorAndSerial(told)) return false;
  return known.vendor === told.vendor && (known.model ?? told.model) === (told.model ?? known.model);
}

/** What a device tells, under the vendor and serial that its history has. */
function asOne(told: DeviceIdentity, { vendor, serial }: DeviceIdentity): DeviceIdentity {
  return { ...told, ...(vendor !== undefined && { vendor }), ...(serial !== undefined && { serial }) };
}

function sentenceOf(
  device: string,
  address: string | undefined,
  { was, now, movedTo, cameFrom }: Omit<IdentityQuestion, 'text'>,
): string {
  const at = address === undefined ? '' : ` at ${address}`;
  const facts = [
    `${device}${at} was ${identityText(was)} and answers as ${identityText(now)} now`,
    cameFrom === undefined ? '' : `, which is known as ${cameFrom}`,
    movedTo === undefined ? '' : `; the one that it was answers as ${movedTo}`,
  ].join('');
  if (movedTo !== undefined || cameFrom !== undefined)
    return `${facts}: if addresses were swapped, correct them; if the units were, accept "replaced".`;
  return `${facts}: was it replaced by another unit, whose history begins ("replaced"), or is it the same one, whose history goes on ("same")?`;
}
