import { randomUUID } from 'node:crypto';
import {
  type DeviceIdentity,
  type DeviceInspection,
  type DeviceLocation,
  type DeviceStatus,
  type DeviceTarget,
  type Devices,
  type Driver,
  type EventRecord,
  type IdentityAnswer,
  type KnownIdentity,
  type Outbox,
  type OutletCommand,
  type OutletControl,
  plainCredentials,
  type ProbeResult,
  type ScaleSuspicion,
} from '@rackwatt/telemetry';
import type { Bound, Health, LiveSet, Logger, SecretResolver } from 'rackwatt';
import { Device, type DeviceHost, noDriver } from './device.js';
import { acquisitionError } from './errors.js';
import { Identities, type IdentityNews } from './identities.js';
import { IdentityFile } from './identity-file.js';
import { Recorder } from './recorder.js';
import { Schedule } from './schedule.js';
import { type DeviceSettings, schemeOf } from './settings.js';
import { systemTime, type TimeSource } from './time.js';

export interface AcquisitionParts {
  drivers: LiveSet<Driver>;
  outbox: Pick<Outbox, 'describe' | 'append' | 'lastNumber'>;
  log: Logger;
  /** Looks up the secrets of a preview; settings that are saved come with theirs. */
  secrets?: SecretResolver;
  time?: TimeSource;
  /** File in which it is remembered who devices are; without it nothing outlives the process. */
  identityFile?: string;
}

/** A device with what its configuration says, for `device list`. */
export interface DeviceView extends DeviceStatus {
  address: string;
  profile: string;
  /** ms */
  interval: number;
  location: DeviceLocation;
  identity?: DeviceIdentity;
  /** That another unit answers than before, as a sentence. */
  question?: string;
}

/** The devices of this gateway: the only caller of drivers. */
export class Acquisition implements Devices, OutletControl {
  readonly #devices = new Map<string, Device>();
  readonly #stopping = new Map<string, Promise<void>>();
  readonly #host: DeviceHost;
  readonly #identityFile: IdentityFile;

  readonly #secrets: SecretResolver | undefined;

  constructor({ drivers, outbox, log, secrets, identityFile, time = systemTime() }: AcquisitionParts) {
    this.#identityFile = new IdentityFile(identityFile, log);
    this.#secrets = secrets;
    this.#host = {
      time,
      outbox,
      log,
      schedule: new Schedule(time),
      recorder: new Recorder(outbox, time, log),
      driver: (scheme) => bestDriver(drivers, scheme),
      identities: new Identities(
        this.#identityFile,
        () => time.wall(),
        (news) => this.#heard(news),
      ),
      changed: (status) => this.#changed(status),
      suspected: (id, suspicion) => this.#suspected(id, suspicion),
    };
    drivers.onAdded(() => this.#devices.forEach((device) => device.driverCame()));
    drivers.onRemoved((driver) => this.#devices.forEach((device) => device.driverWent(driver)));
  }

  /** Reads a device from now on. @returns ends it; settles when all that was read is handed over. */
  add(id: string, settings: DeviceSettings): (reason: 'stopped' | 'removed') => Promise<void> {
    const device = new Device(id, settings, this.#host);
    const before = this.#stopping.get(id) ?? Promise.resolve();
    this.#devices.set(id, device);
    void before.then(() => device.start());
    return async (reason) => {
      if (this.#devices.get(id) === device) this.#devices.delete(id);
      if (reason === 'removed') device.removed();
      const stopped = device.stop();
      this.#stopping.set(id, stopped);
      await stopped;
      if (this.#stopping.get(id) === stopped) this.#stopping.delete(id);
    };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop()));
    this.#devices.clear();
    await this.#host.recorder.flush();
    this.#host.recorder.close();
    await this.#identityFile.flush();
  }

  async status(): Promise<DeviceStatus[]> {
    return [...this.#devices.values()].map((device) => device.status);
  }

  views(): DeviceView[] {
    return [...this.#devices.values()].map(({ id, status, settings }) => {
      const { address, profile } = settings.target;
      const { identity, question } = this.#host.identities.known(id, address);
      return {
        ...status,
        address,
        profile,
        interval: settings.interval,
        location: settings.location,
        ...(identity && { identity }),
        ...(question && { question: question.text }),
      };
    });
  }

  async inspect(id: string): Promise<DeviceInspection> {
    return this.#device(id).inspect();
  }

  async explain(id: string): Promise<ProbeResult> {
    const { target } = this.#device(id).settings;
    return this.#driverOf(target).probe(target, { explain: true });
  }

  async identities(): Promise<KnownIdentity[]> {
    return [...this.#devices.values()].map(({ id, settings }) =>
      this.#host.identities.known(id, settings.target.address),
    );
  }

  async acceptIdentity(id: string, answer: IdentityAnswer): Promise<void> {
    const device = this.#device(id);
    this.#host.identities.accept(id, answer);
    device.identified();
    await this.#identityFile.flush();
  }

  async preview(target: DeviceTarget): Promise<ProbeResult> {
    return this.#driverOf(target).probe(await this.#withSecrets(target));
  }

  #driverOf({ address }: DeviceTarget): Driver {
    const scheme = schemeOf(address);
    const driver = this.#host.driver(scheme);
    if (!driver) throw noDriver({ scheme });
    return driver.service;
  }

  #device(id: string): Device {
    const device = this.#devices.get(id);
    if (device) return device;
    throw acquisitionError(
      'DEVICE_UNKNOWN',
      `No device "${id}" is read by this node; "rackwatt device list" shows those that are.`,
      { context: { device: id } },
    );
  }

  async #withSecrets(target: DeviceTarget): Promise<DeviceTarget> {
    const { credentials } = target;
    if (!this.#secrets || typeof credentials !== 'object') return target;
    const resolved = await this.#secrets.resolve({ credentials });
    return {
      ...target,
      credentials: plainCredentials(resolved['credentials'] as string | Record<string, unknown>),
    };
  }

  async switchOutlet(id: string, part: string, command: OutletCommand): Promise<void> {
    const device = this.#device(id);
    await device.switchOutlet(part, command);
    const message = `${part} of ${id} was switched: ${command}`;
    this.#host.recorder.event(this.#event('outlet.switched', 'ok', message, { device: id, part, data: { command } }));
  }

  health(): Health {
    const statuses = [...this.#devices.values()].map((device) => device.status);
    const failing = statuses.filter(({ state }) => state !== 'ok' && state !== 'connecting');
    const figures = {
      devices: statuses.length,
      ok: statuses.filter(({ state }) => state === 'ok').length,
      failing: failing.length,
      latenessP99: Math.round(this.#host.schedule.latenessP99() * 10) / 10,
    };
    const [first] = failing;
    const doubtful = [...this.#devices.keys()].flatMap((id) => this.#host.identities.question(id) ?? []);
    if (!first && doubtful.length > 0) return { state: 'degraded', detail: doubtful[0]!.text, figures };
    if (!first) return { state: 'ok', figures };
    const others = failing.length > 1 ? ` and ${failing.length - 1} more` : '';
    return {
      state: 'degraded',
      detail: `${first.device}${others} cannot be read: ${first.detail ?? first.state}`,
      figures,
    };
  }

  #changed(status: DeviceStatus): void {
    const { device, state, detail = STATE_SENTENCES[state] } = status;
    const failing = state !== 'ok' && state !== 'connecting' && state !== 'removed';
    this.#host.log[failing ? 'warn' : 'info']({ device, state }, `${device}: ${detail}`);
    // On the way to another state: worth showing, not worth telling.
    if (state === 'connecting') return this.#host.recorder.status(status);
    // That another unit answers has an event of its own.
    if (state === 'ok' && status.detail !== undefined) return this.#host.recorder.status(status);
    const event = this.#event('device.status', failing ? 'warning' : 'ok', `${device}: ${detail}`, {
      device,
      data: { state },
    });
    this.#host.recorder.status(status, event);
  }

  #suspected(device: string, { message, ...data }: ScaleSuspicion): void {
    const sentence = `${device}: suspected scale error: ${message}`;
    this.#host.log.warn({ device, ...data }, sentence);
    this.#host.recorder.event(this.#event('device.scale-suspected', 'warning', sentence, { device, data }));
  }

  #heard({ device, kind, message, data }: IdentityNews): void {
    const doubtful = kind === 'asked' || kind === 'met-elsewhere';
    this.#host.log[doubtful ? 'warn' : 'info']({ device, kind }, message);
    const about = { device, data: { ...data, kind } };
    this.#host.recorder.event(this.#event('device.identity', doubtful ? 'warning' : 'ok', message, about));
  }

  #event(
    type: string,
    severity: EventRecord['severity'],
    message: string,
    about: Pick<EventRecord, 'device' | 'part' | 'data'>,
  ): EventRecord {
    return { id: randomUUID(), time: this.#host.time.wall(), type, severity, message, ...about };
  }
}

const STATE_SENTENCES: Readonly<Record<DeviceStatus['state'], string>> = {
  ok: 'is read',
  connecting: 'is being connected',
  'no-answer': 'does not answer',
  refused: 'refuses to be read',
  error: 'cannot be read',
  'no-driver': 'has no driver',
  removed: 'is no longer configured',
};

function bestDriver(drivers: Iterable<Bound<Driver>>, scheme: string): Bound<Driver> | undefined {
  for (const driver of drivers) {
    const schemes = [driver.properties['scheme']].flat();
    if (schemes.includes(scheme)) return driver;
  }
  return undefined;
}
