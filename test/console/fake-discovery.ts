import type { DiscoveredDevice, Discovery, DiscoveryRequest, DiscoveryStatus } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';

/** Finds what a test gives it, when a test says so. */
export class FakeDiscovery implements Discovery {
  readonly requests: DiscoveryRequest[] = [];
  readonly devices: DiscoveredDevice[] = [];
  #status: DiscoveryStatus | undefined;

  async start(request: DiscoveryRequest): Promise<DiscoveryStatus> {
    if (request.ranges.includes('10.0.0.0/8'))
      throw new RackwattError('DISCOVERY_TOO_LARGE', 'These ranges hold 16777214 hosts.');
    if (this.#status?.state === 'running') throw new RackwattError('DISCOVERY_RUNNING', 'A discovery is under way.');
    this.requests.push(request);
    this.devices.length = 0;
    const counts = { recognised: 0, refused: 0, unknown: 0, silent: 0, closed: 0, unreachable: 0 };
    this.#status = {
      id: `d${this.requests.length}`,
      state: 'running',
      hosts: 254,
      looked: 0,
      counts,
      started: Date.now(),
    };
    return structuredClone(this.#status);
  }

  async report() {
    return this.#status && structuredClone({ ...this.#status, devices: this.devices });
  }

  async cancel(id: string): Promise<DiscoveryStatus> {
    if (this.#status?.id !== id) throw new RackwattError('DISCOVERY_UNKNOWN', 'There is no such discovery.');
    this.#status.state = 'cancelled';
    return structuredClone(this.#status);
  }

  find(...devices: DiscoveredDevice[]): void {
    const status = this.#status!;
    for (const device of devices) {
      this.devices.push(device);
      status.counts[device.state]++;
      status.looked++;
    }
  }

  finish(): void {
    const status = this.#status!;
    status.counts.silent = status.hosts - status.looked;
    status.looked = status.hosts;
    status.state = 'finished';
  }
}

export const pdu = (host: string, serial: string, more: Partial<DiscoveredDevice> = {}): DiscoveredDevice => ({
  address: `snmp://${host}`,
  state: 'recognised',
  credentials: 0,
  identity: { vendor: 'APC', model: 'AP8641', serial, profile: 'apc-rpdu2' },
  ...more,
});
