import type { DeviceIdentity } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import type { Endpoint } from './address.js';
import { outletRegister, OUTLETS } from './points.js';

/**
 * The real protocol goes here: open a socket to `endpoint` in the constructor or at the first request, send requests,
 * take answers, end in `close()` whatever was opened. Everything else in this bundle stays as it is.
 *
 * What a device answers is hostile until parsed: check lengths and ranges, throw a RackwattError with a code of
 * `DRIVER_ERRORS` (`DEVICE_NO_ANSWER` when nothing came in `timeout` ms or before the deadline, `DEVICE_GARBAGE`).
 *
 * Until then this class makes up the registers of a PDU whose load goes up and down within ten minutes.
 */
export class Device {
  /** Requests so far. */
  requests = 0;
  readonly #endpoint: Endpoint;
  readonly #isOn = Array.from({ length: OUTLETS }, () => true);
  readonly #started = Date.now();
  #closed = false;

  constructor(endpoint: Endpoint, _timeout: number) {
    this.#endpoint = endpoint;
  }

  async identify(): Promise<DeviceIdentity> {
    this.#request();
    const { host, port } = this.#endpoint;
    return { vendor: 'Acme', model: 'Example 8', serial: `${host}:${port}`, firmware: '1.0.0' };
  }

  /** Numbers of registers, in the order asked; undefined where the device has none. */
  async readRegisters(registers: readonly number[], _deadline: number): Promise<(number | undefined)[]> {
    this.#request();
    const made = this.#madeUp();
    return registers.map((register) => made.get(register));
  }

  async writeRegister(register: number, value: number): Promise<void> {
    this.#request();
    const outlet = this.#isOn.findIndex((_, index) => outletRegister(index + 1) === register);
    if (outlet >= 0) this.#isOn[outlet] = value === 1;
  }

  close(): void {
    this.#closed = true;
  }

  #request(): void {
    if (this.#closed)
      throw new RackwattError('DEVICE_SESSION_GONE', `The session to ${this.#endpoint.host} is closed: open it again.`);
    this.requests++;
  }

  #madeUp(): Map<number, number> {
    const registers = new Map<number, number>();
    const volts = 230 + wave(7, 2);
    let total = 0;
    for (const [index, isOn] of this.#isOn.entries()) {
      const watts = isOn ? 60 + 35 * index + wave(index, 12) : 0;
      const hours = (Date.now() - this.#started) / 3_600_000;
      const first = outletRegister(index + 1);
      registers.set(first, isOn ? 1 : 0);
      registers.set(first + 1, Math.round((watts / volts) * 100));
      registers.set(first + 2, Math.round(watts));
      registers.set(first + 3, Math.round((100_000 * (index + 1) + (60 + 35 * index) * hours) / 10));
      total += Math.round(watts);
    }
    registers.set(0, Math.round(volts * 10));
    registers.set(1, Math.round((50 + wave(3, 0.02)) * 100));
    registers.set(2, total);
    registers.set(3, Math.round((24 + wave(5, 1.5)) * 10));
    registers.set(4, Math.round(45 + wave(9, 4)));
    return registers;
  }
}

/** A slow swing between -`amplitude` and `amplitude`, another one for each `phase`. */
function wave(phase: number, amplitude: number): number {
  return amplitude * Math.sin((Date.now() / 600_000) * 2 * Math.PI + phase);
}
