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
const args = [
  '--expose-gc',
  '--enable-source-maps',
  '--test',
  '--test-reporter=spec',
  '--test-concurrency=2',
  '--test-timeout=180000',
];
if (flags.includes('--coverage')) args.push('--experimental-test-coverage', '--test-coverage-exclude=test/**');
const child = spawn(process.execPath, [...args, ...files], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
});
const counts = { pass: 0, fail: 0, cancelled: 0, skipped: 0 };
let rest = '';
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    const summary = /^\W*(pass|fail|cancelled|skipped) (\d+)\W*$/.exec(line);
    if (summary) counts[summary[1]] = Number(summary[2]);
  }
});
child.on('close', (code) => {
  const { pass, fail, cancelled, skipped } = counts;
  const failed = fail + cancelled + (code !== 0 && fail + cancelled === 0 ? 1 : 0);
  console.log(`${pass} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exit(code ?? 1);
});
