import { setImmediate as turn } from 'node:timers/promises';
import type * as EventFace from '../../src/event/index.js';
import type { EventAdmin } from 'rackwatt';
import { ServiceRegistry, type ServiceOwner } from '../support/registry.js';
import { type Print, SUBJECT } from './figures.js';

const { EventDispatcher, EventHandler } = (await import(
  new URL('../../../src/dist/event/index.js', import.meta.url).href
)) as typeof EventFace;

const HANDLERS = 1000;
/** Events posted in one turn, and then waited for. */
const BURST = 1000;

const owner: ServiceOwner = { id: 1, name: 'bench' };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Events handled in a second of the process's CPU time, each by one of 1,000 handlers of as many topics. */
export async function eventBench(print: Print): Promise<void> {
  const put = (metric: string, value: number) => print({ metric, value, unit: '1/s', subject: SUBJECT });
  const registry = new ServiceRegistry({
    onError(_, error) {
      throw error;
    },
  });
  const events: EventAdmin = new EventDispatcher({ registry, logger: () => quiet });
  let heard = 0;
  for (let i = 0; i < HANDLERS; i++)
    registry.register(owner, EventHandler, { handleEvent: () => void heard++ }, { 'event.topics': topicOf(i) });
  let next = 0;
  const post = async (): Promise<void> => {
    const until = heard + BURST;
    for (let i = 0; i < BURST; i++) void events.post(topicOf(next++), { outlet: 3, state: 'on' });
    while (heard < until) await turn();
  };
  put('event.post-1-of-1000-per-s', await perCpuSecond(BURST, post));
  put(
    'event.send-1-of-1000-per-s',
    await perCpuSecond(1, () => events.send(topicOf(next++), { outlet: 3, state: 'on' })),
  );
}

const topics = Array.from({ length: HANDLERS }, (_, i) => `acme/outlet${i}/SWITCHED`);
const topicOf = (i: number): string => topics[i % HANDLERS]!;

/** Warms up for 300 ms, then counts for 600 ms. @param events of one call */
async function perCpuSecond(events: number, run: () => Promise<void>): Promise<number> {
  const during = async (milliseconds: number): Promise<number> => {
    const end = performance.now() + milliseconds;
    let count = 0;
    for (; performance.now() < end; count += events) await run();
    return count;
  };
  await during(300);
  const before = process.cpuUsage();
  const count = await during(600);
  const { user, system } = process.cpuUsage(before);
  return (count * 1e6) / (user + system);
}
