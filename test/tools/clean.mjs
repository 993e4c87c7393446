// Removes everything that a build makes.
import { globSync, rmSync } from 'node:fs';

for (const folder of ['src/dist', 'test/dist', ...globSync('bundles/*/dist')])
  rmSync(folder, { recursive: true, force: true });
