import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { DeviceIdentity } from '@rackwatt/telemetry';
import { errorMessage, type Logger } from 'rackwatt';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** What is remembered of a device. */
export interface Remembered {
  /** Who it is, as its history has it. */
  identity: DeviceIdentity;
  /** What the same unit tells of itself since somebody said that it is the same. */
  alias?: DeviceIdentity;
  /** Another one answers, and nobody has said what that means. */
  question?: { now: DeviceIdentity; since: number };
}

const Text = Type.Optional(Type.String());
const Identity = Type.Object({
  vendor: Text,
  model: Text,
  serial: Text,
  firmware: Text,
  name: Text,
  profile: Text,
});
const Content = Type.Object({
  format: Type.Literal(1),
  devices: Type.Record(
    Type.String(),
    Type.Object({
      identity: Identity,
      alias: Type.Optional(Identity),
      question: Type.Optional(Type.Object({ now: Identity, since: Type.Number() })),
    }),
  ),
});

/** Identities of devices by name, in a file that is replaced whole; many changes at once are one write. */
export class IdentityFile {
  readonly #path: string | undefined;
  readonly #log: Logger;
  readonly #devices: Map<string, Remembered>;
  #saving: Promise<void> | undefined;
  #isDirty = false;

  /** @param path absent: nothing outlives the process */
  constructor(path: string | undefined, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#devices = this.#recalled();
  }

  get(device: string): Remembered | undefined {
    return this.#devices.get(device);
  }

  /** Undefined forgets it. */
  set(device: string, remembered: Remembered | undefined): void {
    const before = JSON.stringify(this.#devices.get(device));
    if (before === JSON.stringify(remembered)) return;
    if (remembered) this.#devices.set(device, structuredClone(remembered));
    else this.#devices.delete(device);
    this.#isDirty = true;
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
  }

  find(holds: (remembered: Remembered) => boolean): string | undefined {
    for (const [name, remembered] of this.#devices) if (holds(remembered)) return name;
    return undefined;
  }

  /** Settles when what was set is on disk, or could not be written. */
  async flush(): Promise<void> {
    await this.#saving;
  }

  #recalled(): Map<string, Remembered> {
    if (this.#path === undefined || !existsSync(this.#path)) return new Map();
    try {
      const { devices } = Value.Parse(Content, JSON.parse(readFileSync(this.#path, 'utf8')));
      return new Map(Object.entries(devices) as [string, Remembered][]);
    } catch (error) {
      this.#log.error(
        { file: this.#path },
        `${this.#path} is not what is remembered of devices, so each is met as if for the first time: ${errorMessage(error)}`,
      );
      return new Map();
    }
  }

  async #save(): Promise<void> {
    const path = this.#path;
    // What the devices of a hall say within a moment of each other is one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#isDirty && path !== undefined) {
      this.#isDirty = false;
      try {
        const file = await open(`${path}.part`, 'w', 0o600);
        try {
          await file.writeFile(JSON.stringify({ format: 1, devices: Object.fromEntries(this.#devices) }));
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(`${path}.part`, path);
      } catch (error) {
        this.#log.error({ file: path }, `who devices are could not be kept: ${errorMessage(error)}`);
      }
    }
  }
}
