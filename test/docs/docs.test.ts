import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Command } from 'rackwatt';
import { checkout, rackwatt } from '../support/node.js';

const require = createRequire(import.meta.url);
const read = (path: string): string => readFileSync(join(checkout, path), 'utf8');
const bundles = readdirSync(join(checkout, 'bundles')).filter((name) =>
  existsSync(join(checkout, 'bundles', name, 'package.json')),
);
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...globSync('docs/**/*.md', { cwd: checkout }),
  ...bundles.map((name) => `bundles/${name}/README.md`).filter((path) => existsSync(join(checkout, path))),
].sort();

const FENCE = /^( *)(```+)([^\n`]*)\n([\s\S]*?)^ *\2 *$/gm;
const prose = (text: string): string => text.replace(FENCE, '').replace(/`[^`\n]*`/g, '');

/** As GitHub makes them from headings. */
function anchors(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, heading] of text.replace(FENCE, '').matchAll(/^#+ +(.+?) *$/gm)) {
    const words = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    found.add(words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
  }
  return found;
}

test('every relative link of the pages leads somewhere', () => {
  const broken: string[] = [];
  for (const page of pages) {
    for (const [, target] of prose(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path, anchor] = target!.split('#');
      const file = path === '' ? join(checkout, page) : resolve(checkout, dirname(page), path!);
      if (relative(checkout, file).startsWith('..') || !existsSync(file)) broken.push(`${page}: ${target}`);
      else if (anchor && statSync(file).isFile() && !anchors(readFileSync(file, 'utf8')).has(anchor))
        broken.push(`${page}: ${target} (there is no such heading)`);
    }
  }
  assert.deepEqual(broken, []);
});

test('every page can be reached from the README', () => {
  const seen = new Set<string>();
  const queue = ['README.md'];
  for (const page of queue) {
    if (seen.has(page)) continue;
    seen.add(page);
    for (const [, target] of prose(read(page)).matchAll(/\]\(([^)\s#]+)/g)) {
      const next = relative(checkout, resolve(checkout, dirname(page), target!));
      if (pages.includes(next)) queue.push(next);
      else if (pages.includes(`${next}/README.md`)) queue.push(`${next}/README.md`);
    }
  }
  assert.deepEqual(
    pages.filter((page) => !seen.has(page)),
    [],
    'name these pages in docs/README.md',
  );
});

test('every JSON block of the pages is JSON', () => {
  for (const page of pages) {
    for (const [, , , language, block] of read(page).matchAll(FENCE)) {
      if (language!.trim() !== 'json') continue;
      assert.doesNotThrow(() => JSON.parse(block!), `${page}:\n${block}`);
    }
  }
});

test('every bundle is in the table of the README', () => {
  const table = read('README.md');
  assert.deepEqual(
    bundles.filter(
      (name) => !new RegExp(`^\\| \\[${name}\\]\\(bundles/${name}/(README\\.md)?\\) \\|`, 'm').test(table),
    ),
    [],
  );
});

/** Every command with something to run, by its words: the container's own, and those of the bundles. */
async function commands(): Promise<Map<string, Command>> {
  const found = new Map<string, Command>();
  const add = (words: string, command: Command): void => {
    if (command.run) found.set(words, command);
    for (const [word, child] of Object.entries(command.commands ?? {})) add(`${words} ${word}`, child);
  };
  for (const file of globSync('src/dist/cli/commands/*.js', { cwd: checkout })) {
    const module = (await import(pathToFileURL(join(checkout, file)).href)) as Record<string, Partial<Command>>;
    for (const [name, command] of Object.entries(module))
      if (typeof command.summary === 'string') add(name, command as Command);
  }
  for (const name of bundles) {
    const manifest = JSON.parse(read(`bundles/${name}/package.json`)) as {
      rackwatt: { commands?: Record<string, string> };
    };
    for (const [word, path] of Object.entries(manifest.rackwatt.commands ?? {}))
      add(word, (require(join(checkout, 'bundles', name, path)) as { default: Command }).default);
  }
  return found;
}

test('the reference of the command names every command with its options, and no other', async () => {
  const page = read('docs/reference/command.md');
  const sections = new Map<string, Set<string>>();
  let flags = new Set<string>();
  for (const line of page.split('\n')) {
    const command = /^\| `rackwatt ([^`]+)` \|/.exec(line)?.[1];
    const option = /^\| +· `([^`]+)` \|/.exec(line)?.[1];
    if (command) sections.set(command, (flags = new Set()));
    else if (option) flags.add(option);
  }
  const expected = new Map(
    [...(await commands())].map(([words, { arguments: positional, options }]) => [
      positional ? `${words} ${positional}` : words,
      new Set(Object.keys(options ?? {}).filter((flag) => flag !== '--json')),
    ]),
  );
  const sorted = (map: Map<string, Set<string>>): string[] =>
    [...map].map(([words, set]) => [words, ...[...set].sort()].join('  ')).sort();
  assert.deepEqual(sorted(sections), sorted(expected));

  const help = await rackwatt(['--help']);
  assert.equal(help.status, 0, help.stderr);
  for (const words of sections.keys())
    assert.match(help.stdout, new RegExp(`^  ${words.split(' ')[0]}\\b`, 'm'), `rackwatt --help has no ${words}`);
});

test('every command that the pages tell to type exists', async () => {
  const known = await commands();
  const groups = new Set([...known.keys()].map((words) => words.split(' ')[0]!));
  const isKnown = (words: string): boolean => {
    const [first = '', second = ''] = words.split(/\s+/);
    const command = `${first} ${second}`;
    return known.has(first) || [...known.keys()].some((each) => each === command || each.startsWith(`${command} `));
  };
  const unknown: string[] = [];
  for (const page of pages) {
    for (const [, , , language, block] of read(page).matchAll(FENCE)) {
      if (language!.trim() !== 'sh') continue;
      for (const [, words] of block!.matchAll(/\brackwatt ([a-z]+(?:-[a-z]+)*(?: [a-z]+)?)/g))
        if (!isKnown(words!)) unknown.push(`${page}: rackwatt ${words}`);
    }
    for (const [, words] of read(page)
      .replace(FENCE, '')
      .matchAll(/`(?:npx )?rackwatt ([a-z]+(?:-[a-z]+)*(?: [a-z]+)?)[^`]*`/g)) {
      const isGroup = groups.has(words!.split(' ')[0]!) && !words!.includes(' ');
      if (!isGroup && !isKnown(words!)) unknown.push(`${page}: rackwatt ${words}`);
    }
  }
  assert.deepEqual(unknown, []);
});

test('every code of the reference of errors is a code that the source has', () => {
  const source = globSync(['src/**/*.ts', 'bundles/*/src/**/*.ts'], { cwd: checkout, exclude: ['**/dist/**'] })
    .map(read)
    .join('\n');
  const codes = [...read('docs/reference/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code!);
  assert.ok(codes.length > 50);
  assert.equal(new Set(codes).size, codes.length, 'a code stands twice');
  assert.deepEqual(
    codes.filter((code) => !new RegExp(`['"]${code}['"]|\\b${code}:`).test(source)),
    [],
  );
});
