/**
 * A chain of components, each of a bundle of its own: the first depends on nothing, each other on the one before.
 * Arguments: how many, and `forward` (providers come first) or `reverse` (consumers come first, the last call starts all).
 */
import { tmpdir } from 'node:os';
import { emptyFramework, rackwatt } from '../built.js';

const { component, contract, one, RackwattError } = rackwatt;
const length = Number(process.argv[2]);
const forward = process.argv[3] !== 'reverse';

const framework = emptyFramework(tmpdir());
const engine = framework.components;
let up = 0;

const contracts = Array.from({ length }, (_, i) => contract<object>(`chain/${i}`, { major: 1 }));
const definitions = contracts.map((provides, i) =>
  component({
    name: `link${i}`,
    provides,
    references: i === 0 ? {} : { before: one(contracts[i - 1]!) },
    activate: () => {
      up++;
      return { i };
    },
    deactivate: () => void up--,
  }),
);

function add(i: number) {
  const owner = { id: i + 1, name: `bundle${i}` };
  const bundle = { owner, version: '1.0.0', dataFolder: tmpdir, resolve: (specifier: string) => specifier };
  return engine.add(bundle, [definitions[i]!]);
}

const cpu = process.cpuUsage();
const started = performance.now();
let first: ReturnType<typeof add> | undefined;
for (let k = 0; k < length; k++) {
  const set = add(forward ? k : length - 1 - k);
  if (k === (forward ? 0 : length - 1)) first = set;
}
await engine.settled();
const upMs = performance.now() - started;
if (up !== length) throw new RackwattError('BENCH_FAILED', `${up} of ${length} components came up`);
const used = process.cpuUsage(cpu);

const stopped = performance.now();
await engine.remove(first!);
await engine.settled();
const downMs = performance.now() - stopped;
if (up !== 0) throw new RackwattError('BENCH_FAILED', `${up} of ${length} components are still up`);

process.stdout.write(`${JSON.stringify({ upMs, upCpuMs: (used.user + used.system) / 1e3, downMs })}\n`);
process.exit(0);
