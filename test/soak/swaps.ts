/**
 * `npm run soak -- [--swaps 1000] [--devices 800] [--interval '1 s'] [--every 1000] [--isolation worker]`: a gateway with generated
 * devices whose driver is updated again and again while it reads. In the end every due number of every device must be stored
 * once or counted as a gap of at most one interval.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Accounting, accounting, highest, storedDevices } from '../support/accounting.js';
import { checkout, rackwatt, TestNode, until } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';
import { filesOfArchive } from '../support/archives.js';
import { Releases } from './release.js';

const { values: options } = parseArgs({
  options: {
    swaps: { type: 'string', default: '1000' },
    devices: { type: 'string', default: '800' },
    interval: { type: 'string', default: '1 s' },
    every: { type: 'string', default: '1000' },
    outlets: { type: 'string', default: '4' },
    isolation: { type: 'string', default: 'space' },
  },
});
const [swaps, devices, every] = [options.swaps, options.devices, options.every].map(Number) as [number, number, number];
const { callNode } = (await import(
  new URL('../../../src/dist/node/admin-socket.js', import.meta.url).href
)) as typeof import('../../src/node/admin-socket.js');

const endings: (() => unknown)[] = [];
const cleanUp = { after: (ending: () => unknown) => void endings.push(ending) };
const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function run(): Promise<boolean> {
  const agents = fork(fileURLToPath(new URL('./agents.js', import.meta.url)), [String(devices), options.outlets]);
  cleanUp.after(() => agents.kill());
  const [addresses] = (await once(agents, 'message')) as [string[]];
  const node = await TestNode.site(cleanUp, {
    bundles: [
      'telemetry',
      'device-profiles',
      'http',
      'broker',
      'store-sqlite',
      'outbox',
      'ingest',
      'driver-snmp',
      'publisher-mqtt',
      'acquisition',
      'console',
    ],
    configurations: Object.fromEntries(
      addresses.map((address, i) => [`rackwatt.device~d${i}`, { address, interval: options.interval }]),
    ),
  });
  const work = temporaryFolder(cleanUp);
  const key = join(work, 'release.key');
  await demand('keys', 'new', key);
  writeFileSync(join(node.home, 'keys', 'release.pub'), readFileSync(`${key}.pub`));
  const packed = join(work, 'driver.tgz');
  await demand('bundle', 'pack', join(checkout, 'bundles/driver-snmp'), '-o', packed);
  const releases = new Releases('@rackwatt/driver-snmp', await filesOfArchive(packed), key, work);
  if (options.isolation !== 'space') isolate(node);

  await node.start();
  const storage = join(node.home, 'var');
  await until('every device is stored', async () => Object.keys(await storedDevices(node)).length === devices, 300_000);
  // Eight hundred devices that are opened at one moment take longer than an interval: that is not what is asked here.
  await delay(10_000);
  const before = await heights(node);
  say(`${devices} devices are read every ${options.interval}, driver in ${options.isolation}; ${rss(node)}`);
  const took: number[] = [];
  const began = performance.now();
  for (let number = 1; number <= swaps; number++) {
    const file = await releases.make(`0.1.${number}`);
    const from = performance.now();
    await callNode(storage, 'bundle.install', { sources: [file] });
    took.push(performance.now() - from);
    rmSync(file);
    if (number % Math.ceil(swaps / 20) === 0)
      say(`${number} swaps in ${seconds(began)} s, the last in ${took.at(-1)!.toFixed(0)} ms; ${rss(node)}`);
    await delay(Math.max(0, every - (performance.now() - from)));
  }
  await delay(3000);
  say(
    `${swaps} swaps, median ${took.toSorted((a, b) => a - b)[swaps >> 1]!.toFixed(0)} ms, longest ${Math.max(...took).toFixed(0)} ms`,
  );
  const fine = await account(node, before);
  const doctor = await node.cli('bundle', 'doctor', '@rackwatt/driver-snmp');
  say(doctor.stdout || doctor.stderr);
  say(`the node ended with ${await node.stop()}`);
  return fine;
}

function isolate(node: TestNode): void {
  const document = node.readConfiguration();
  const driver = document.bundles.find(({ id }) => id.endsWith('/driver-snmp'))! as { isolation?: string };
  driver.isolation = options.isolation;
  node.writeConfiguration(document);
}

/** The highest number of each device by its id in the store. */
async function heights(node: TestNode): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const id of Object.values(await storedDevices(node))) found.set(id, highest(await accounting(node, id)));
  return found;
}

/** @param before numbers up to these were due before the swaps */
async function account(node: TestNode, before: ReadonlyMap<string, number>): Promise<boolean> {
  const longest = new Map<string, number>();
  const totals = { due: 0, missed: 0, doubled: 0, unaccounted: 0 };
  const lengths = new Map<string, number>();
  for (const [name, id] of Object.entries(await storedDevices(node))) {
    const found = await accounting(node, id);
    const first = (before.get(id) ?? 0) + 1;
    const { missed, doubled, unaccounted, gaps } = sums(found, first);
    totals.due += highest(found) - first + 1;
    totals.missed += missed;
    totals.doubled += doubled;
    totals.unaccounted += unaccounted;
    for (const { length, reason } of gaps) {
      const kind = `${length} (${reason})`;
      lengths.set(kind, (lengths.get(kind) ?? 0) + 1);
    }
    longest.set(name, Math.max(0, ...gaps.map(({ length }) => length)));
  }
  say(
    `${totals.due} due reads: ${totals.missed} in gaps, ${totals.doubled} doubled, ${totals.unaccounted} neither stored nor counted`,
  );
  const histogram = [...lengths]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([length, count]) => `${count} of ${length}`);
  say(`gaps by length in intervals: ${histogram.join(', ') || 'none'}`);
  return totals.doubled === 0 && totals.unaccounted === 0 && Math.max(...longest.values()) <= 1;
}

interface Sums {
  missed: number;
  doubled: number;
  unaccounted: number;
  gaps: { length: number; reason: string }[];
}

function sums({ gaps: all, stored }: Accounting, first: number): Sums {
  const gaps = all.filter(({ to }) => to >= first);
  const owned = new Set<number>();
  let { doubled } = stored;
  const own = (from: number, to: number): void => {
    for (let i = Math.max(from, first); i <= to; i++) {
      if (owned.has(i)) doubled++;
      owned.add(i);
    }
  };
  for (const [from, to] of stored.ranges) own(from, to);
  for (const { from, to } of gaps) own(from, to);
  const missed = gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const last = highest({ gaps, stored });
  const within = [...owned].filter((number) => number <= last).length;
  return {
    missed,
    doubled,
    unaccounted: last - first + 1 - within,
    gaps: gaps.map(({ from, to, reason }) => ({ length: to - from + 1, reason })),
  };
}

async function demand(...args: string[]): Promise<void> {
  const { status, stderr } = await rackwatt(args);
  if (status !== 0) throw new Error(stderr);
}

function rss(node: TestNode): string {
  const status = readFileSync(`/proc/${node.child!.pid}/status`, 'utf8');
  const kilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
  const [user, system] = readFileSync(`/proc/${node.child!.pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13);
  return `node ${(kilobytes / 1024).toFixed(0)} MB RSS, ${((Number(user) + Number(system)) / 100).toFixed(0)} s CPU`;
}

function seconds(from: number): string {
  return ((performance.now() - from) / 1000).toFixed(0);
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  for (const ending of endings.reverse()) await ending();
}
