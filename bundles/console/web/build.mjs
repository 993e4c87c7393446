// Checks and builds the page into dist/web, and packs its files; does nothing when the last build is newer than what it was made from.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const bundle = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(bundle, 'dist/web/index.html');
const sources = globSync(['web/**/*', 'src/api/{views,racks}.ts', 'vite.config.mts', 'package.json'], { cwd: bundle });
const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(...sources.map((file) => changed(join(bundle, file))));
if (newest <= changed(built) && !process.argv.includes('--force')) process.exit(0);

function run(name, ...args) {
  const { status } = spawnSync(name, args, { cwd: bundle, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
run('tsc', '-p', 'web');
run('vite', 'build', '--logLevel', 'warn');
for (const file of globSync('dist/web/**/*.{js,css,html,svg}', { cwd: bundle })) {
  const content = readFileSync(join(bundle, file));
  writeFileSync(join(bundle, `${file}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(join(bundle, `${file}.br`), brotliCompressSync(content));
}
