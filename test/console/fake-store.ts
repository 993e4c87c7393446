import { EventEmitter, on } from 'node:events';
import { RackwattError } from 'rackwatt';
import {
  type EventRecord,
  type Gap,
  type LatestValue,
  METRICS,
  type MetricName,
  type Part,
  Quality,
  type Series,
  type Store,
  type StoredDevice,
} from '@rackwatt/telemetry';

const HISTORY = 360;
const INTERVAL = 10_000;

type Reading = [metric: MetricName, value: number | null, state?: string];

/** A store in memory: devices that a test makes, an hour of history for each point, and changes when it says so. */
export class FakeStore implements Store {
  readonly all: StoredDevice[] = [];
  readonly values = new Map<number, LatestValue>();
  readonly eventsSeen: EventRecord[] = [];
  readonly #changed = new EventEmitter();
  /** Calls of `latest` without a device or points: what a hall cannot afford often. */
  fullReads = 0;
  readers = 0;

  add(
    device: Partial<StoredDevice> & { id: string },
    parts: Record<string, { label?: string; readings: Reading[] }>,
  ): void {
    const now = Date.now();
    const list: Part[] = Object.entries(parts).map(([path, { label }]) => ({
      path,
      ...(label !== undefined && { label }),
    }));
    const silent = device.status !== undefined && device.status.state !== 'ok';
    const time = silent ? now - 600_000 : now - 2_000;
    this.all.push({
      gateway: 'gw-1',
      device: device.id,
      identity: {},
      location: {},
      parts: list,
      interval: INTERVAL,
      status: { state: 'ok', since: now - 3_600_000 },
      lastSample: time,
      ...device,
    });
    for (const [part, { readings }] of Object.entries(parts)) {
      for (const [metric, value, state = null] of readings) {
        const point = this.values.size + 1;
        const quality = value === null && state === null ? Quality.BAD | Quality.SENSOR_FAULT : 0;
        this.values.set(point, {
          point,
          device: device.id,
          part,
          metric,
          unit: METRICS[metric].unit,
          value,
          state,
          quality,
          time,
        });
      }
    }
  }

  find(device: string, part: string, metric: MetricName): LatestValue {
    return [...this.values.values()].find(
      (one) => one.device === device && one.part === part && one.metric === metric,
    )!;
  }

  /** A sample of a device: values that change, all of its points with a new time. */
  sample(device: string, changes: Record<string, number> = {}, time = Date.now()): void {
    const changed: LatestValue[] = [];
    for (const value of this.values.values()) {
      if (value.device !== device) continue;
      const next = { ...value, time, value: changes[`${value.part} ${value.metric}`] ?? value.value };
      this.values.set(value.point, next);
      changed.push(next);
    }
    this.all.find((one) => one.id === device)!.lastSample = time;
    this.#changed.emit('values', changed);
  }

  async describe(): Promise<void> {}

  async apply(): Promise<void> {}

  async devices(): Promise<StoredDevice[]> {
    return structuredClone(this.all);
  }

  async latest(query: { device?: string; points?: number[] } = {}): Promise<LatestValue[]> {
    if (!query.device && !query.points) this.fullReads++;
    if (query.device && !this.all.some(({ id }) => id === query.device)) {
      throw new RackwattError('STORE_DEVICE_UNKNOWN', `The store knows no device "${query.device}".`);
    }
    return [...this.values.values()].filter(
      (value) =>
        (!query.device || value.device === query.device) && (!query.points || query.points.includes(value.point)),
    );
  }

  async series({ point, from, to }: { point: number; from: number; to: number }): Promise<Series> {
    const latest = this.values.get(point);
    const times = Array.from(
      { length: HISTORY },
      (_, index) => (latest?.time ?? to) - (HISTORY - 1 - index) * INTERVAL,
    );
    const inside = latest ? times.filter((time) => time >= from && time <= to) : [];
    const wave = inside.map(
      (time) => (latest?.value ?? Number.NaN) * (1 + 0.08 * Math.sin(time / 400_000) + 0.01 * Math.sin(time / 7_000)),
    );
    // A hole of ten minutes, forty minutes ago.
    const hole = (time: number) => time > to - 2_400_000 && time < to - 1_800_000;
    const kept = inside.map((time, index) => [time, wave[index]!] as const).filter(([time]) => !hole(time));
    return {
      point,
      times: Float64Array.from(kept, ([time]) => time),
      values: Float64Array.from(kept, ([, value]) => value),
      quality: new Uint16Array(kept.length),
      states: new Uint8Array(kept.length),
    };
  }

  async gaps({ device }: { device: string }): Promise<Gap[]> {
    return [{ device, from: 11, to: 12, reason: 'no-answer', time: Date.now() }];
  }

  async numbers(): Promise<{ ranges: [number, number][]; doubled: number }> {
    return { ranges: [[1, 10]], doubled: 0 };
  }

  async events({ limit = 100 }: { limit?: number }): Promise<EventRecord[]> {
    return this.eventsSeen.slice(-limit);
  }

  async *changes(): AsyncIterable<LatestValue[]> {
    this.readers++;
    try {
      for await (const [values] of on(this.#changed, 'values')) yield values as LatestValue[];
    } finally {
      this.readers--;
    }
  }

  async status() {
    return { readings: 1, bytes: 1, points: this.values.size, oldest: null };
  }
}

/** Two racks with two feeds each, one PDU that does not answer, one with a broken sensor. */
export function furnish(store: FakeStore): void {
  const pdu = (
    id: string,
    vendor: string,
    model: string,
    rack: string,
    feed: string,
    watts: number,
    outlets: number,
    more: Partial<StoredDevice> = {},
  ) => {
    const parts: Record<string, { label?: string; readings: Reading[] }> = {
      'inlet/1': {
        readings: [
          ['power.active', watts],
          ['current.rms', watts / 230],
          ['voltage.rms', 230.4],
          ['frequency', 50.01],
          ['energy.active', 12_345_678],
        ],
      },
      'inlet/1/phase/L1': {
        readings: [
          ['current.rms', watts / 230],
          ['voltage.rms', 230.4],
        ],
      },
      'branch/1': {
        label: 'B1',
        readings: [
          ['current.rms', watts / 460],
          ['state.breaker', null, 'closed'],
        ],
      },
      'sensor/1': {
        label: 'Inlet air',
        readings: [
          ['temperature', 23.4],
          ['humidity.relative', 41],
        ],
      },
      'sensor/2': { label: 'Outlet air', readings: [['temperature', null]] },
    };
    for (let outlet = 1; outlet <= outlets; outlet++) {
      const on = outlet % 7 !== 0;
      parts[`outlet/${outlet}`] = {
        label: `srv-${rack.toLowerCase()}-${String(outlet).padStart(2, '0')}`,
        readings: [
          ['state.outlet', null, on ? 'on' : 'off'],
          ['power.active', on ? (watts / outlets) * (0.6 + (outlet % 5) / 5) : 0],
          ['current.rms', on ? watts / outlets / 230 : 0],
          ['energy.active', 400_000 + outlet * 1_234],
        ],
      };
    }
    const identity = { vendor, model, serial: `SN-${id}`, firmware: '6.1.2', profile: 'auto-profile' };
    store.add(
      { id: `${vendor}:${id}`, device: id, identity, location: { site: 'FRA1', room: 'DC2', rack, feed }, ...more },
      parts,
    );
  };
  pdu('r1-a', 'APC', 'AP8641', 'R1', 'A', 2345, 24);
  pdu('r1-b', 'Raritan', 'PX3-5190R', 'R1', 'B', 1987, 24);
  pdu('r2-a', 'Eaton', 'EMA107-10', 'R2', 'A', 3120, 16);
  pdu('r2-b', 'Vertiv', 'MN03EDR1', 'R2', 'B', 2210, 12, {
    status: {
      state: 'no-answer',
      detail: '192.0.2.14 does not answer SNMP; check power, network and community.',
      since: Date.now() - 600_000,
    },
  });
}
