import type {
  DeviceIdentity,
  DeviceTarget,
  Explanation,
  OpenDevice,
  OutletCommand,
  Reading,
  ReadOptions,
} from '@rackwatt/telemetry';
import { Quality, stateCode } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { type Endpoint, parseAddress } from './address.js';
import { Device } from './device.js';
import { MODEL, outletRegister, OUTLETS, ROWS } from './points.js';

export interface SessionOptions {
  /** ms of one request, where the target does not say. */
  timeout: number;
}

export const SESSION_DEFAULTS: SessionOptions = { timeout: 1000 };

const ALL = Uint32Array.from(ROWS.keys());
const FAST = Uint32Array.from([...ROWS.keys()].filter((index) => ROWS[index]!.pollClass === 'fast'));

/** One device being read. */
export class DeviceSession {
  readonly id: string;
  readonly endpoint: Endpoint;
  readonly #device: Device;
  #identity: DeviceIdentity = {};

  constructor(id: string, target: DeviceTarget, options: SessionOptions) {
    this.id = id;
    this.endpoint = parseAddress(target.address);
    this.#device = new Device(this.endpoint, target.timeout ?? options.timeout);
  }

  /** Requests so far. */
  get requests(): number {
    return this.#device.requests;
  }

  /** Asks who the device is. */
  async learn(): Promise<void> {
    this.#identity = await this.#device.identify();
  }

  describe(): OpenDevice {
    return { ...structuredClone(MODEL), identity: { ...this.#identity }, session: this.id, layout: 1 };
  }

  async read({ deadline, pollClass = 'all' }: ReadOptions): Promise<Reading> {
    const points = pollClass === 'fast' ? FAST.slice() : ALL.slice();
    const time = Date.now();
    const registers = await this.#device.readRegisters(
      [...points].map((index) => ROWS[index]!.register),
      deadline,
    );
    const values = new Float64Array(points.length).fill(Number.NaN);
    const states = new Uint8Array(points.length);
    const quality = new Uint16Array(points.length);
    for (const [slot, index] of points.entries()) {
      const { metric, scale } = ROWS[index]!;
      const raw = registers[slot];
      if (raw === undefined) quality[slot] = Quality.BAD;
      else if (metric === 'state.outlet') states[slot] = stateCode(raw === 1 ? 'on' : 'off');
      else values[slot] = raw * scale;
    }
    return { layout: 1, time, points, values, quality, states };
  }

  /** Where each value comes from, for `rackwatt probe --explain`. */
  async explain(): Promise<Explanation[]> {
    const registers = await this.#device.readRegisters(
      ROWS.map(({ register }) => register),
      10_000,
    );
    return ROWS.map(({ register, scale }, point) => ({
      point,
      source: `register ${register}`,
      raw: String(registers[point]),
      scale,
      scaleSource: 'table',
    }));
  }

  async switchOutlet(part: string, command: OutletCommand): Promise<void> {
    const outlet = Number(/^outlet\/(\d+)$/.exec(part)?.[1]);
    if (!(outlet >= 1 && outlet <= OUTLETS)) {
      throw new RackwattError('DEVICE_NOT_SWITCHABLE', `${this.endpoint.host} has no switched part '${part}'.`, {
        context: { part },
      });
    }
    const register = outletRegister(outlet);
    if (command !== 'on') await this.#device.writeRegister(register, 0);
    if (command !== 'off') await this.#device.writeRegister(register, 1);
  }

  close(): void {
    this.#device.close();
  }
}
