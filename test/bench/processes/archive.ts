/**
 * Signed archives of ever new revisions, each from the file to serving: verified, written to the store, flushed, swapped in.
 * Argument: the folder of the `archives` and `keys`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFramework, loadDeployment, rackwatt } from '../built.js';
import { median } from '../figures.js';

const folder = process.argv[2]!;
const { BundleStore, TrustStore } = await loadDeployment();
const store = new BundleStore({
  folder: join(folder, `store-${process.pid}`),
  trust: new TrustStore({ keys: join(folder, 'keys') }),
});
const framework = emptyFramework(folder);
await framework.setStartLevel(1);
const Swapped = rackwatt.contract<{ version: number }>('bench/Swapped', { major: 1 });

async function serve(name: string): Promise<number> {
  const started = performance.now();
  const { name: bundle, version, digest, root, manifest } = await store.install(join(folder, 'archives', name), false);
  const source = { location: `store:${bundle}@${version}`, root, manifest, digest };
  const running = framework.bundle(bundle);
  if (running) await running.update(source);
  else await framework.install(source, { startLevel: 1 }).start();
  const took = performance.now() - started;
  const reference = framework.registry.reference(Swapped)!;
  const service = framework.registry.get({ id: 99, name: 'client' }, reference);
  if (`1.0.${service?.version}` !== version)
    throw new rackwatt.RackwattError('BENCH_FAILED', `${version} does not serve`);
  return took;
}

const archives = readdirSync(join(folder, 'archives'));
const times: number[] = [];
for (const archive of archives) times.push(await serve(archive));
process.stdout.write(`${JSON.stringify({ archiveMs: median(times.slice(1)) })}\n`);
process.exit(0);
