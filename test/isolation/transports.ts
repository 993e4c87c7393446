import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { messagePort, Peer, type PeerCounts, type PeerOptions, type Port, processPort } from './built.js';
import { Lab } from './lab.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

export interface Other {
  peer: Peer;
  lab: Lab;
  errors: unknown[];
  /** What the other side holds. */
  counts(): Promise<PeerCounts>;
  /** Ends the other side without a word. */
  kill(): Promise<void>;
}

export interface Transport {
  name: 'worker' | 'process';
  /** Whether buffers move. */
  transfers: boolean;
  /** Starts the other side; it is gone after the test. */
  open(t: Pick<TestContext, 'after'>, options?: Partial<PeerOptions>): Promise<Other>;
}

async function connect(
  t: Pick<TestContext, 'after'>,
  port: Port,
  options: Partial<PeerOptions>,
  kill: () => Promise<void>,
): Promise<Other> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const peer = new Peer(port, { label: 'the lab', callTimeout: 20_000, onError, ...options });
  t.after(async () => {
    peer.close();
    await kill();
  });
  const lab = peer.stub(Lab, (await peer.request('lab', undefined, { timeout: 0 })) as number);
  return { peer, lab, errors, kill, counts: () => peer.request('counts') as Promise<PeerCounts> };
}

export const TRANSPORTS: readonly Transport[] = [
  {
    name: 'worker',
    transfers: true,
    async open(t, options = {}) {
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(CHILD, { workerData: { port: port2 }, transferList: [port2] });
      worker.on('error', () => undefined);
      return connect(t, messagePort(port1), options, async () => void (await worker.terminate()));
    },
  },
  {
    name: 'process',
    transfers: false,
    async open(t, options = {}) {
      const child = fork(CHILD, { serialization: 'advanced', execArgv: ['--expose-gc'] });
      return connect(t, processPort(child), options, async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      });
    },
  },
];

/** A call and its answer: what was sent before has arrived there, and what was sent back has arrived here. */
export async function roundTrip({ lab }: Other, times = 3): Promise<void> {
  for (let i = 0; i < times; i++) {
    await lab.add(1, 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What this side and the other hold besides the exposed lab: nothing, when all is over. */
export async function held(other: Other): Promise<Partial<PeerCounts>[]> {
  await roundTrip(other);
  const there = await other.counts();
  return [other.peer.counts, there].map((counts) =>
    Object.fromEntries(Object.entries(counts).filter(([key, count]) => key !== 'exposed' && count > 0)),
  );
}

/** Nothing is held on either side; `counts` is asked by a request, which itself is borrowed nowhere. */
export const NOTHING = [{}, {}];
