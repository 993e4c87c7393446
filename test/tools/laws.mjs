// Fails when a law of the house (docs/architecture.md) is broken: arrows point down, contracts only, one face a folder, no circles.
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(process.argv[2] ?? root);

// Floors of src: a folder may import from its own floor's list only.
const FLOORS = [
  ['errors', 'ed25519', 'quoted', 'strict-json', 'runtime-folder', 'version', 'scope', 'durable'],
  ['registry', 'space'],
  ['component', 'configuration', 'event'],
  ['bundle'],
  ['deployment', 'isolation'],
  ['node', 'cli'],
];
const floorOf = new Map(FLOORS.flatMap((rooms, floor) => rooms.map((room) => [room, floor])));
// Faces without code of their own behind them: contracts and types may be seen from every floor, and the host's modules
// without the loader of bundles.
const CONTRACT_FILES =
  /^(registry\/contract|registry\/types|space\/host|component\/types|component\/define|component\/references|configuration\/contract|event\/contract|bundle\/contract|cli\/contract)\.js$/;
const LIMIT = 400;

const broken = [];
const importsOf = (file) => {
  const text = readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const found = [];
  for (const match of text.matchAll(
    /(?:^|[\s;])(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]+?\sfrom\s+)?['"]([^'"]+)['"]/g,
  ))
    found.push({ type: Boolean(match[1]), from: match[2] });
  for (const match of text.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g))
    found.push({ type: false, lazy: true, from: match[1] });
  return found;
};
const skip = ['**/dist/**', '**/node_modules/**'];
const files = (pattern) =>
  globSync(pattern, { exclude: skip }).filter((file) => !/(^|\/)(dist|node_modules)\//.test(file));

const edges = new Map();
for (const file of files('src/**/*.{ts,cts}')) {
  const room =
    relative('src', file).split('/').length > 1
      ? relative('src', file).split('/')[0]
      : relative('src', file).replace(/\.c?ts$/, '');
  for (const { type, lazy, from } of importsOf(file)) {
    if (from.startsWith('@rackwatt/') || from.includes('bundles/'))
      broken.push(`${file} imports ${from}: src knows nothing of bundles`);
    if (!from.startsWith('.')) continue;
    const target = relative('src', resolve(dirname(file), from));
    if (target.startsWith('..')) {
      if (!target.endsWith('package.json')) broken.push(`${file} imports ${from} from outside src`);
      continue;
    }
    const targetRoom = target.includes('/') ? target.split('/')[0] : target.replace(/\.c?js$/, '');
    if (
      room === targetRoom ||
      targetRoom === 'index' ||
      room === 'index' ||
      room === 'decorators' ||
      room === 'testing'
    )
      continue;
    const isContract = CONTRACT_FILES.test(target);
    if (
      !isContract &&
      target.includes('/') &&
      !/^[^/]+\/index\.c?js$/.test(target) &&
      !(room === 'cli' && targetRoom === 'node')
    ) {
      broken.push(`${file} imports ${from}: a folder is entered by its index.ts or a contract`);
    }
    const [mine, theirs] = [floorOf.get(room), floorOf.get(targetRoom)];
    if (mine === undefined || theirs === undefined)
      broken.push(
        `${file}: the room ${mine === undefined ? room : targetRoom} is on no floor; give it one in test/tools/laws.mjs`,
      );
    else if (theirs > mine && !isContract && !type && !lazy)
      broken.push(`${file} imports ${from}: arrows point down, ${targetRoom} is above ${room}`);
    if (!isContract && !type && !lazy) edges.set(room, (edges.get(room) ?? new Set()).add(targetRoom));
  }
}

for (const manifestFile of files('bundles/*/package.json')) {
  const folder = dirname(manifestFile);
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  const from = manifest.name;
  if (!files(`${folder}/README.md`).length) broken.push(`${folder} has no README.md`);
  else {
    const readme = readFileSync(`${folder}/README.md`, 'utf8');
    for (const heading of ['## What it does', '## Services', '## Configuration', '## Files', '## Limits']) {
      if (!readme.includes(`\n${heading}`)) broken.push(`${folder}/README.md lacks the heading "${heading}"`);
    }
  }
  for (const file of files(`${folder}/src/**/*.{ts,tsx}`)) {
    for (const { from: specifier } of importsOf(file)) {
      const name = /^(@rackwatt\/[^/]+)(\/.*)?$/.exec(specifier);
      if (specifier.startsWith('.') && !resolve(dirname(file), specifier).startsWith(resolve(folder)))
        broken.push(`${file} imports ${specifier} from outside its bundle`);
      if (!name) continue;
      const other = name[1];
      if (!manifest.peerDependencies?.[other])
        broken.push(`${file} imports ${specifier}, which is not in peerDependencies of ${from}`);
      const contracts =
        JSON.parse(readFileSync(`bundles/${other.slice(10)}/package.json`, 'utf8')).rackwatt?.contracts ?? [];
      if (!contracts.includes(name[2] ? `.${name[2]}` : '.'))
        broken.push(
          `${file} imports ${specifier}: only contracts of another bundle may be imported (${contracts.join(', ') || 'it has none'})`,
        );
      edges.set(from, (edges.get(from) ?? new Set()).add(other));
    }
  }
}

for (const file of [
  ...files('src/**/*.{ts,cts}'),
  ...files('bundles/*/src/**/*.{ts,tsx}'),
  ...files('bundles/*/web/**/*.{ts,tsx}'),
]) {
  const lines = readFileSync(file, 'utf8').split('\n').length;
  if (lines > LIMIT && !file.endsWith('_pb.ts'))
    broken.push(`${file} has ${lines} lines; a room holds one notion and ${LIMIT} lines`);
}

const state = new Map();
const walk = (room, path) => {
  if (state.get(room) === 'done') return;
  if (state.get(room) === 'open')
    return void broken.push(`circle: ${[...path.slice(path.indexOf(room)), room].join(' -> ')}`);
  state.set(room, 'open');
  for (const next of edges.get(room) ?? []) if (next !== room) walk(next, [...path, room]);
  state.set(room, 'done');
};
for (const room of edges.keys()) walk(room, []);

for (const sentence of broken) console.error(sentence);
console.log(broken.length === 0 ? 'the laws of the house hold' : `${broken.length} laws broken`);
process.exit(broken.length === 0 ? 0 : 1);
