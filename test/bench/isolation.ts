import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Port } from '../../src/isolation/index.js';
import { type BenchOptions, median, type Print, SUBJECT } from './figures.js';
import { Bench, type Columns, type IsolationSubject, loadIsolation, loadGuard, service } from './isolation-subjects.js';

const OTHER_SIDE = fileURLToPath(new URL('./processes/isolation-service.js', import.meta.url));
const POINTS = 223;
const IN_FLIGHT = 256;
const BURST = 64;
const ROUNDS = 5;
/** About 90 bytes. */
const RECORD = { device: 'rack1-a', part: 'outlet/1', metric: 'power.active', value: 12, time: 1_763_900_000_000 };
/** Beyond what is copied to wait for other calls: each is a message of its own. */
const LIST = Array.from({ length: 33 }, (_, i) => i);

const sample = (): Columns => ({
  points: new Uint32Array(POINTS).fill(7),
  values: new Float64Array(POINTS).fill(1.5),
  quality: new Uint16Array(POINTS),
  states: new Uint8Array(POINTS),
});

interface Side {
  bench: Bench;
  close(): Promise<void>;
}

/** Calls in a second with as many in flight, of as many calls. */
async function perSecond(calls: number, inFlight: number, call: (i: number) => Promise<unknown>): Promise<number> {
  let made = 0;
  const caller = async () => {
    while (made < calls) await call(made++);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (calls * 1e3) / (performance.now() - started);
}

/** Calls in a second, all of a burst made in one turn and waited for. */
async function burstsPerSecond(calls: number, call: (i: number) => Promise<unknown>): Promise<number> {
  const started = performance.now();
  for (let made = 0; made < calls; made += BURST)
    await Promise.all(Array.from({ length: BURST }, (_, i) => call(made + i)));
  return (calls * 1e3) / (performance.now() - started);
}

/** Nanoseconds of an awaited call. */
async function awaited(calls: number, call: (i: number) => Promise<unknown>): Promise<number> {
  for (let i = 0; i < calls; i++) await call(i);
  const started = performance.now();
  for (let i = 0; i < calls; i++) await call(i);
  return ((performance.now() - started) * 1e6) / calls;
}

async function workerSide(subject: IsolationSubject): Promise<Side> {
  const worker = new Worker(OTHER_SIDE, { workerData: subject });
  await once(worker, 'message');
  const close = async () => void (await worker.terminate());
  if (subject === 'comlink') {
    const { wrap } = await import('comlink');
    const { default: adapt } = await import('comlink/dist/esm/node-adapter.mjs');
    return { bench: wrap<Bench>(adapt(worker)), close };
  }
  const post = (message: unknown) => worker.postMessage(message);
  if (subject === 'birpc') return { bench: await birpc(post, worker), close };
  const { Peer } = await loadIsolation();
  const port: Port = {
    transfers: true,
    post: (message, transfer) => worker.postMessage(message, transfer),
    onMessage: (receive) => void worker.on('message', receive),
    onClose: (closed) => void worker.once('exit', closed),
    close: () => void worker.terminate(),
  };
  const peer = new Peer(port, { label: 'worker' });
  return { bench: peer.stub(Bench, 1), close };
}

async function processSide(subject: IsolationSubject): Promise<Side> {
  const child = fork(OTHER_SIDE, [subject], { serialization: 'advanced', execArgv: [] });
  await once(child, 'message');
  const close = async () => {
    child.disconnect();
    await once(child, 'exit');
  };
  if (subject === 'birpc') return { bench: await birpc((message) => void child.send(message as object), child), close };
  const { Peer, processPort } = await loadIsolation();
  return { bench: new Peer(processPort(child), { label: 'process' }).stub(Bench, 1), close };
}

async function birpc(post: (message: unknown) => void, from: NodeJS.EventEmitter): Promise<Bench> {
  const { createBirpc } = await import('birpc');
  return createBirpc<Bench>({}, { post, on: (receive) => void from.on('message', receive), timeout: 60_000 });
}

/** What a call costs that does not leave the process: itself, and through the stub that components get. */
async function inProcess(print: Print, calls: number): Promise<void> {
  const guarded = (await loadGuard())(1, 'bench', service).stub(Bench);
  const ways = { 'isolation.direct-ns': service, 'isolation.guarded-ns': guarded };
  const measured = Object.keys(ways).map((metric) => ({ metric, values: [] as number[] }));
  for (let round = 0; round <= ROUNDS; round++)
    for (const { metric, values } of measured) {
      const bench = ways[metric as keyof typeof ways];
      const value = await awaited(calls, (i) => bench.add(i, 1));
      // The first round warms up.
      if (round > 0) values.push(value);
    }
  for (const { metric, values } of measured) print({ metric, value: median(values), unit: 'ns', subject: SUBJECT });
}

type Measure = (bench: Bench, calls: number) => Promise<number>;

const MEASURES: Readonly<Record<string, { unit: string; measure: Measure }>> = {
  'awaited-us': {
    unit: 'us',
    measure: async (bench, calls) => (await awaited(calls / 5, (i) => bench.add(i, 1))) / 1e3,
  },
  'calls-per-s': { unit: '1/s', measure: (bench, calls) => perSecond(calls, IN_FLIGHT, (i) => bench.add(i, 1)) },
  'bursts-per-s': { unit: '1/s', measure: (bench, calls) => burstsPerSecond(calls, (i) => bench.add(i, 1)) },
  'records-per-s': { unit: '1/s', measure: (bench, calls) => perSecond(calls, IN_FLIGHT, () => bench.echo(RECORD)) },
  'lists-per-s': { unit: '1/s', measure: (bench, calls) => perSecond(calls, IN_FLIGHT, () => bench.echo(LIST)) },
  'sample-copied-us': { unit: 'us', measure: (bench, calls) => perSample(calls / 5, (each) => bench.copied(each)) },
};

/** Microseconds of a sample of 223 points, 16 under way. They are made beforehand: it is the way that is measured. */
async function perSample(count: number, hand: (sample: Columns) => Promise<unknown>): Promise<number> {
  const samples = Array.from({ length: count }, sample);
  return 1e6 / (await perSecond(count, 16, (i) => hand(samples[i]!)));
}

/** All subjects in turn, so that a machine that is slow for a while is slow for all; medians after a round that warms up. */
async function across(
  kind: string,
  sides: ReadonlyMap<IsolationSubject, Side>,
  print: Print,
  calls: number,
): Promise<void> {
  for (const [metric, { unit, measure }] of Object.entries(MEASURES)) {
    const values = new Map([...sides.keys()].map((subject) => [subject, [] as number[]]));
    for (let round = 0; round <= ROUNDS; round++)
      for (const [subject, { bench }] of sides) {
        const value = await measure(bench, round > 0 ? calls : calls / 4);
        if (round > 0) values.get(subject)!.push(value);
      }
    for (const [subject, each] of values)
      print({ metric: `isolation.${kind}-${metric}`, value: median(each), unit, subject });
  }
}

async function transferred(print: Print, { bench }: Side, calls: number): Promise<void> {
  const values: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const value = await perSample(calls / 5, (each) => bench.transferred(each));
    if (round > 0) values.push(value);
  }
  print({ metric: 'isolation.worker-sample-transferred-us', value: median(values), unit: 'us', subject: SUBJECT });
}

async function sidesOf(
  open: (subject: IsolationSubject) => Promise<Side>,
  subjects: readonly IsolationSubject[],
): Promise<Map<IsolationSubject, Side>> {
  const sides = new Map<IsolationSubject, Side>();
  for (const subject of subjects) sides.set(subject, await open(subject));
  return sides;
}

/** Calls to a service in a worker and in a process, beside comlink and birpc. */
export async function isolationBench(print: Print, { quick }: BenchOptions): Promise<void> {
  const calls = quick ? 10_000 : 50_000;
  await inProcess(print, calls);
  const workers = await sidesOf(workerSide, [SUBJECT, 'comlink', 'birpc']);
  await across('worker', workers, print, calls);
  await transferred(print, workers.get(SUBJECT)!, calls);
  for (const { close } of workers.values()) await close();
  // comlink has no adapter for processes.
  const processes = await sidesOf(processSide, [SUBJECT, 'birpc']);
  await across('process', processes, print, calls);
  for (const { close } of processes.values()) await close();
}
