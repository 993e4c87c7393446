/** Reads, installs and starts the bundles whose folders lie in the folder that is the first argument. */
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyFramework, rackwatt, readManifest } from '../built.js';

const folder = process.argv[2]!;
const roots = readdirSync(folder).map((name) => join(folder, name));
const framework = emptyFramework(tmpdir());
await framework.setStartLevel(1);

const cpu = process.cpuUsage();
const started = performance.now();
for (const root of roots) {
  const manifest = await readManifest(root);
  await framework.install({ location: `link:${root}`, root, manifest }, { startLevel: 1 }).start();
}
const startMs = performance.now() - started;
const { user, system } = process.cpuUsage(cpu);

const active = framework.bundles().filter((bundle) => bundle.state === 'ACTIVE').length;
if (active !== roots.length)
  throw new rackwatt.RackwattError('BENCH_FAILED', `${active} of ${roots.length} bundles are active`);
const stopped = performance.now();
await framework.stop();
const stopMs = performance.now() - stopped;
process.stdout.write(`${JSON.stringify({ startMs, startCpuMs: (user + system) / 1e3, stopMs })}\n`);
process.exit(0);
