/** Installs the signed archives of `<argument>/archives` durably: verified, written, flushed to the disk. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadDeployment } from '../built.js';

const folder = process.argv[2]!;
const { BundleStore, TrustStore } = await loadDeployment();
const store = new BundleStore({
  folder: join(folder, `store-${process.pid}`),
  trust: new TrustStore({ keys: join(folder, 'keys') }),
});
const archives = readdirSync(join(folder, 'archives')).map((name) => join(folder, 'archives', name));

const AT_ONCE = 16;
const started = performance.now();
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let archive = archives.pop(); archive; archive = archives.pop()) await store.install(archive, false);
  }),
);
process.stdout.write(`${JSON.stringify({ installMs: performance.now() - started })}\n`);
process.exit(0);
