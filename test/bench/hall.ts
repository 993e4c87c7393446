import { Acquisition, deviceSettings } from '@rackwatt/acquisition';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { type Generation, generatedHall, type HallPdu } from '@rackwatt/simulator';
import type { Gap, Sample } from '@rackwatt/telemetry';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeDrivers, silent } from '../acquisition/fakes.js';
import type { BenchOptions, Print } from './figures.js';

const LATENCY = 150;
const INTERVAL = 10_000;
const OUTLETS = 39;

/** Takes what is read and keeps how much it was. */
class Counting {
  samples = 0;
  values = 0;
  readonly gaps = new Map<string, number>();
  #numbers = 0;

  async describe(_device: string, { points }: { points: readonly unknown[] }): Promise<Uint32Array> {
    return Uint32Array.from(points, () => this.#numbers++);
  }

  async append({ samples = [], gaps = [] }: { samples?: Sample[]; gaps?: Gap[] }): Promise<void> {
    this.samples += samples.length;
    for (const { points } of samples) this.values += points.length;
    for (const { device, from, to } of gaps) this.gaps.set(device, (this.gaps.get(device) ?? 0) + to - from + 1);
  }

  async lastNumber(): Promise<number> {
    return 0;
  }

  reset(): void {
    this.samples = this.values = 0;
    this.gaps.clear();
  }
}

interface Hall {
  pdus: number;
  /** Every so many does not answer. */
  deadEvery?: number;
  /** Seconds that are measured, after all devices were opened. */
  measured: number;
}

interface Outcome {
  /** Cores that acquisition and driver used. */
  cpu: number;
  /** ms */
  lateness: number;
  /** Values read in an interval. */
  values: number;
  /** Due reads of living devices that gave no sample. */
  missed: number;
}

/** Polls generated PDUs in processes of their own, whose agents take 150 ms for each answer. */
async function poll({ pdus, deadEvery, measured }: Hall): Promise<Outcome> {
  const generate: Generation[] = [{ family: 'apc-rpdu2', count: pdus }];
  await using hall = await generatedHall({ generate, outlets: OUTLETS, processes: 2, faults: { latency: LATENCY } });
  const isDead = (i: number): boolean => deadEvery !== undefined && i % deadEvery === 0;
  const dead = hall.pdus.filter((_, i) => isDead(i)).map(({ name }) => name);
  if (dead.length > 0) await hall.setFaults({ silent: true }, dead);
  const driver = new SnmpDriver();
  const drivers = new FakeDrivers();
  drivers.add(driver);
  const outbox = new Counting();
  const acquisition = new Acquisition({ drivers, outbox, log: silent });
  for (const { name, address } of hall.pdus) acquisition.add(name, settingsOf(address));
  await settled(acquisition, hall.pdus, dead);
  outbox.reset();
  const before = process.cpuUsage();
  await delay(measured * 1000);
  const { user, system } = process.cpuUsage(before);
  const lateness = acquisition.health().figures?.['latenessP99'];
  const living = new Set(hall.pdus.map(({ name }) => name).filter((name) => !dead.includes(name)));
  const missed = [...outbox.gaps].reduce((sum, [name, count]) => sum + (living.has(name) ? count : 0), 0);
  await acquisition.stop();
  driver.closeAll();
  const cpu = (user + system) / 1e6 / measured;
  return { cpu, lateness: Number(lateness), values: outbox.values / (measured / (INTERVAL / 1000)), missed };
}

const settingsOf = (address: string): ReturnType<typeof deviceSettings> =>
  deviceSettings({
    address,
    profile: 'auto',
    interval: '10 s',
    timeout: '1 s',
    retries: 2,
    location: {},
    enabled: true,
  });

/** Waits until every living device was read. */
async function settled(acquisition: Acquisition, pdus: readonly HallPdu[], dead: readonly string[]): Promise<void> {
  for (let second = 0; second < 180; second++) {
    const ok = (await acquisition.status()).filter(({ state }) => state === 'ok').length;
    if (ok >= pdus.length - dead.length) break;
    await delay(1000);
  }
  // Opening is dear: what is kept of lateness is that of the reads after it.
  await delay(INTERVAL);
}

/** A hall of 800 PDUs, and a site of 2,000 of which a tenth is dead. */
export async function hallBench(print: Print, { quick }: BenchOptions): Promise<void> {
  const measured = quick ? 20 : 60;
  const row = (metric: string, value: number, unit: string): void =>
    print({ metric, value: Math.round(value * 1000) / 1000, unit, subject: 'rackwatt' });
  const hall = await poll({ pdus: quick ? 80 : 800, measured });
  row('polling.hall-cpu', hall.cpu, 'core');
  row('polling.hall-lateness-p99-ms', hall.lateness, 'ms');
  row('polling.hall-values', Math.round(hall.values), 'values / 10 s');
  row('polling.hall-missed', hall.missed, 'reads');
  const site = await poll({ pdus: quick ? 200 : 2000, deadEvery: 10, measured });
  row('polling.dead-cpu', site.cpu, 'core');
  row('polling.dead-lateness-p99-ms', site.lateness, 'ms');
  row('polling.dead-values', Math.round(site.values), 'values / 10 s');
  row('polling.dead-missed', site.missed, 'reads of living devices');
}
