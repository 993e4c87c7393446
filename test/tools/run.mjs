// Runs the built tests with node:test and closes with one line: `N passed, N failed[, N skipped]`.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(root);
const [flags, words] = [
  process.argv.slice(2).filter((a) => a.startsWith('--')),
  process.argv.slice(2).filter((a) => !a.startsWith('--')),
];
const files = globSync('test/dist/**/*.test.js')
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error('no built tests match; run "npm run build" first');
  process.exit(1);
}
const shared = ['--expose-gc', '--enable-source-maps', '--test', '--test-reporter=spec', '--test-timeout=180000'];
if (flags.includes('--coverage')) shared.push('--experimental-test-coverage', '--test-coverage-exclude=test/**');
const counts = { pass: 0, fail: 0, cancelled: 0, skipped: 0 };

/** @returns exit status */
function run(group, concurrency) {
  if (group.length === 0) return Promise.resolve(0);
  const child = spawn(process.execPath, [...shared, `--test-concurrency=${concurrency}`, ...group], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  });
  let rest = '';
  child.stdout.on('data', (chunk) => {
    process.stdout.write(chunk);
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const summary = /^\W*(pass|fail|cancelled|skipped) (\d+)\W*$/.exec(line);
      if (summary) counts[summary[1]] += Number(summary[2]);
    }
  });
  return new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}

// Whole nodes are held to their times: they run by themselves, after everything else.
const isNode = (file) => file.startsWith('test/dist/node/');
const parts = await run(
  files.filter((file) => !isNode(file)),
  2,
);
const nodes = await run(files.filter(isNode), 1);
const { pass, fail, cancelled, skipped } = counts;
const crashed = (parts || nodes) && fail + cancelled === 0 ? 1 : 0;
console.log(`${pass} passed, ${fail + cancelled + crashed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exit(parts || nodes);
