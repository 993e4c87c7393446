import { contract } from 'rackwatt';
import { type Print, SUBJECT } from './figures.js';
import { ServiceRegistry, type ServiceOwner } from '../support/registry.js';

const SERVICES = 100_000;
const LISTENERS = 1000;
/** What the peers are asked, too: every fiftieth service is of this vendor, and about half of those have as many outlets. */
const FILTER = '(&(vendor=apc)(outlets>=24))';

const owner: ServiceOwner = { id: 1, name: 'bench' };
let sink: unknown;

/**
 * The registry's figures, each the number of operations in a second of the process's CPU time: lookups over 100,000 services that are
 * registered under two contracts each, and events of which one of 1,000 filtered listeners wants to hear.
 */
// oxlint-disable-next-line typescript/require-await -- every bench is awaited
export async function registryBench(print: Print): Promise<void> {
  const put = (metric: string, value: number) => print({ metric, value, unit: '1/s', subject: SUBJECT });
  lookups(put);
  dispatch(put);
}

function properties(i: number) {
  return { vendor: i % 50 === 0 ? 'apc' : `v${i % 50}`, outlets: (Math.floor(i / 50) * 7) % 48, idx: i };
}

function lookups(put: (metric: string, value: number) => void): void {
  const registry = new ServiceRegistry({ onError: fail });
  const common = contract<object>('svc/Common', { major: 1 });
  const kinds = Array.from({ length: SERVICES / 10 }, (_, i) => contract<object>(`svc/I${i}`, { major: 1 }));
  const service = {};
  const started = cpu();
  for (let i = 0; i < SERVICES; i++)
    registry.register(owner, [kinds[i % kinds.length]!, common], service, properties(i));
  put('registry.register-100k-per-s', (SERVICES * 1e3) / (cpu() - started));
  put(
    'registry.filter-unique-100k-per-s',
    perCpuSecond(1024, (i) => registry.references(undefined, `(idx=${i % SERVICES})`)),
  );
  put(
    'registry.filter-all-100k-per-s',
    perCpuSecond(1, () => registry.references(undefined, FILTER)),
  );
  put(
    'registry.best-100k-per-s',
    perCpuSecond(1024, () => registry.reference(common)),
  );
  const stopped = cpu();
  registry.releaseOwner(owner);
  put('registry.unregister-100k-per-s', (SERVICES * 1e3) / (cpu() - stopped));
}

function dispatch(put: (metric: string, value: number) => void): void {
  const registry = new ServiceRegistry({ onError: fail });
  const wanted = contract<object>('svc/E', { major: 1 });
  const registration = registry.register(owner, wanted, {}, properties(0));
  let heard = 0;
  for (let i = 0; i < LISTENERS; i++) {
    registry.listen(owner, () => void heard++, { filter: `(&(objectClass=${wanted.id})(idx=${i}))` });
  }
  let events = 0;
  const value = perCpuSecond(1024, () => {
    events++;
    registration.setProperties(properties(0));
  });
  if (heard !== events) fail(owner, new RangeError(`${events} events were heard ${heard} times`));
  put('registry.dispatch-1-of-1000-per-s', value);
}

function fail(_owner: ServiceOwner, error: unknown): never {
  throw error;
}

/** CPU time of the process in milliseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** Warms up for 300 ms and counts for 600 ms, of CPU time, so that a busy machine leaves nothing cold. @param batch calls between two looks at the clock */
function perCpuSecond(batch: number, run: (i: number) => unknown): number {
  let i = 0;
  const until = (end: number): void => {
    while (cpu() < end) for (let k = 0; k < batch; k++) sink = run(i++);
  };
  until(cpu() + 300);
  const first = i;
  const started = cpu();
  until(started + 600);
  void sink;
  return ((i - first) * 1e3) / (cpu() - started);
}
