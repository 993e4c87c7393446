/**
 * `npm run conformance [-- AREA...]`: runs the test of every item and writes docs/conformance.md. Fails when an item has neither a
 * passing test nor a reason.
 */
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from 'node:test';
import { checkout } from '../support/node.js';
import { AREAS } from './items/index.js';
import { conformancePage, type Outcome } from './page.js';

const words = process.argv.slice(2);
const files = globSync('test/dist/conformance/*.test.js', { cwd: checkout })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => join(checkout, file));
const results = new Map<number, { passed: number; failed: number }>();

const tests = run({ files, concurrency: 2, execArgv: ['--expose-gc', '--enable-source-maps'] });
const count = (name: string, which: 'passed' | 'failed'): void => {
  const number = Number.parseInt(name, 10);
  if (Number.isNaN(number)) return;
  const result = results.get(number) ?? { passed: 0, failed: 0 };
  result[which]++;
  results.set(number, result);
};
tests.on('test:pass', ({ name, nesting, skip }) => {
  if (nesting === 0 && skip === undefined) count(name, 'passed');
});
tests.on('test:fail', ({ name, nesting, details }) => {
  if (nesting !== 0) return;
  count(name, 'failed');
  process.stderr.write(`failed: ${name}: ${details.error.message}\n`);
});
for await (const _ of tests);

const items = Object.values(AREAS).flat();
const outcomes = new Map<number, Outcome>();
for (const { number, differs, leftOut } of items) {
  const result = results.get(number);
  if (leftOut !== undefined) outcomes.set(number, 'left out');
  else if (!result) outcomes.set(number, 'open');
  else if (result.failed > 0) outcomes.set(number, 'failed');
  else outcomes.set(number, differs === undefined ? 'passed' : 'differs on purpose');
}
if (words.length === 0) writeFileSync(join(checkout, 'docs/conformance.md'), conformancePage(outcomes));
const bad = items.filter(({ number }) => outcomes.get(number) === 'open' || outcomes.get(number) === 'failed');
const told = words.length === 0 ? bad : bad.filter(({ number }) => outcomes.get(number) === 'failed');
for (const { number, mark, behaviour } of told)
  process.stdout.write(`${outcomes.get(number)}: ${number} ${mark} ${behaviour}\n`);
const tally = new Map<string, number>();
for (const { number, mark } of items) {
  const key = `${mark} ${outcomes.get(number)}`;
  tally.set(key, (tally.get(key) ?? 0) + 1);
}
process.stdout.write(`${[...tally].map(([key, times]) => `${key} ${times}`).join(', ')}\n`);
process.exitCode = told.length === 0 ? 0 : 1;
