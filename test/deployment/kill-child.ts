// Installs archives into a store until it is killed. Arguments: the store, a folder of archives.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BundleStore, TrustStore } from './built.js';

const [folder, archives] = process.argv.slice(2) as [string, string];
const store = new BundleStore({ folder, trust: new TrustStore({ keys: join(folder, 'no-keys') }) });
process.stdout.write('ready\n');
for (const archive of readdirSync(archives).sort()) await store.install(join(archives, archive), true);
process.stdout.write('done\n');
