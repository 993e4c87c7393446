import { type LatestValue, levelOf, type Store, type StoredDevice } from '@rackwatt/telemetry';
import { isCurrent } from './current.js';

/** A device whose points changed is noticed after so long, ms; one without a metered inlet sooner. */
const KNOWN_FOR = 300_000;
const UNKNOWN_FOR = 5_000;

/** Above so many devices at once, one request for everything is cheaper than one for each. */
const ONE_BY_ONE = 20;

export interface DevicePower {
  kW: number | null;
  complete: boolean;
}

export const isInletPower = (value: { part: string; metric: string }) =>
  value.metric === 'power.active' && levelOf(value.part) === 'inlet';

/**
 * Active power at the inlets of devices. Which points those are is remembered, so that a total over a hall does not ask
 * for every outlet in it.
 */
export class InletPower {
  readonly #points = new Map<string, { points: number[]; until: number }>();
  #store: Store | undefined;

  async values(store: Store, devices: readonly StoredDevice[], now: number): Promise<LatestValue[]> {
    if (store !== this.#store) this.#points.clear();
    this.#store = store;
    const wanted = devices.filter(({ id }) => (this.#points.get(id)?.until ?? 0) <= now);
    if (wanted.length > 0) await this.#learn(store, wanted, now);
    const points = devices.flatMap(({ id }) => this.#points.get(id)?.points ?? []);
    return points.length === 0 ? [] : store.latest({ points });
  }

  /** Power by device id. */
  async of(store: Store, devices: readonly StoredDevice[], now: number): Promise<Map<string, DevicePower>> {
    const byDevice = Map.groupBy(await this.values(store, devices, now), (value) => value.device);
    return new Map(devices.map((device) => [device.id, sum(byDevice.get(device.id) ?? [], device.interval, now)]));
  }

  async #learn(store: Store, devices: readonly StoredDevice[], now: number): Promise<void> {
    const values =
      devices.length > ONE_BY_ONE
        ? await store.latest()
        : (await Promise.all(devices.map(({ id }) => store.latest({ device: id })))).flat();
    const inlets = Map.groupBy(values.filter(isInletPower), (value) => value.device);
    for (const { id } of devices) {
      const points = (inlets.get(id) ?? []).map((value) => value.point);
      this.#points.set(id, { points, until: now + (points.length > 0 ? KNOWN_FOR : UNKNOWN_FOR) });
    }
  }
}

function sum(values: readonly LatestValue[], interval: number, now: number): DevicePower {
  const current = values.filter((value) => value.value !== null && isCurrent(value, interval, now));
  if (current.length === 0) return { kW: null, complete: false };
  const watts = current.reduce((total, value) => total + (value.value ?? 0), 0);
  return { kW: watts / 1000, complete: current.length === values.length };
}
