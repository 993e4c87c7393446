/** Components with a dynamic, greedy reference, while a better service of their contract comes and goes. Argument: how many. */
import { tmpdir } from 'node:os';
import { emptyFramework, rackwatt } from '../built.js';
import { median } from '../figures.js';

const { component, contract, one, RackwattError } = rackwatt;
const count = Number(process.argv[2]);
const TIMES = 15;

const Clock = contract<{ version: number }>('bench/Clock', { major: 1 });
const framework = emptyFramework(tmpdir());
const { registry, components } = framework;
const provider = { id: 1, name: 'provider' };
registry.register(provider, Clock, { version: 0 });

let heard = 0;
const seen: { readonly service: { version: number } | undefined }[] = [];
for (let i = 0; i < count; i++) {
  const owner = { id: 2 + i, name: `consumer${i}` };
  const consumer = component({
    name: `consumer${i}`,
    references: { clock: one(Clock, { dynamic: true, greedy: true }) },
    activate({ clock }) {
      seen.push(clock);
      clock.onChange(() => void heard++);
    },
  });
  components.add({ owner, version: '1.0.0', dataFolder: tmpdir, resolve: (specifier) => specifier }, [consumer]);
}
await components.settled();

function check(version: number): void {
  const behind = seen.filter(({ service }) => service?.version !== version).length;
  if (seen.length !== count || behind > 0 || heard < count)
    throw new RackwattError('BENCH_FAILED', `${behind} of ${seen.length} consumers did not follow, ${heard} heard`);
  heard = 0;
}

const toBetter: number[] = [];
const onLoss: number[] = [];
for (let round = 1; round <= TIMES; round++) {
  const started = performance.now();
  const registration = registry.register(provider, Clock, { version: round }, { 'service.ranking': 1 });
  await components.settled();
  toBetter.push(performance.now() - started);
  check(round);
  const lost = performance.now();
  registration.unregister();
  await components.settled();
  onLoss.push(performance.now() - lost);
  check(0);
}
process.stdout.write(`${JSON.stringify({ toBetterMs: median(toBetter), onLossMs: median(onLoss) })}\n`);
process.exit(0);
