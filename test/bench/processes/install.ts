/** Installs the signed archives of `<argument>/archives` durably, together: verified, written, flushed to the disk. */
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

const started = performance.now();
await store.installAll(
  archives.map((file) => ({ file })),
  false,
);
process.stdout.write(`${JSON.stringify({ installMs: performance.now() - started })}\n`);
process.exit(0);
