// Runs the built tests with node:test and closes with one line: `N passed, N failed[, N skipped]`.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(root);
const [flags, words] = [process.argv.slice(2).filter((a) => a.startsWith('--')), process.argv.slice(2).filter((a) => !a.startsWith('--'))];
const files = globSync('test/dist/**/*.test.js').filter((file) => words.length === 0 || words.some((word) => file.includes(word))).sort();
if (files.length === 0) {
  console.error('no built tests match; run "npm run build" first');
  process.exit(1);
}
const args = ['--expose-gc', '--enable-source-maps', '--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=180000'];
if (flags.includes('--coverage')) args.push('--experimental-test-coverage', '--test-coverage-exclude=test/**');
const child = spawn(process.execPath, [...args, ...files], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' } });
let tail = '';
child.stdout.on('data', (chunk) => {
  process.stdout.write(chunk);
  tail = (tail + chunk).slice(-20000);
});
child.on('close', (code) => {
  const count = (name) => Number(new RegExp(`^\\S*\\s*${name} (\\d+)`, 'm').exec(tail.slice(tail.lastIndexOf('tests ')))?.[1] ?? 0);
  const [passed, failed, cancelled, skipped] = ['pass', 'fail', 'cancelled', 'skipped'].map(count);
  console.log(`${passed} passed, ${failed + cancelled} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exit(code ?? 1);
});
