// Evaluates every module that the manifest of a packed bundle names. Argument: its folder. Prints JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as rackwatt from 'rackwatt';
import { hostModules, ModuleSpace } from './built.js';

const root = process.argv[2]!;
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string;
  main?: string;
  exports?: Record<string, string>;
  rackwatt: { commands?: Record<string, string> };
};
const require = createRequire(import.meta.url);
// Contracts as the container gives them: other bundles' modules, never the bundle's own.
const contracts = {
  get: (specifier: string) =>
    specifier.startsWith('@rackwatt/') && !`${specifier}/`.startsWith(`${manifest.name}/`)
      ? { exports: require(specifier) as unknown }
      : undefined,
};
const space = new ModuleSpace({ root, label: 'packed', host: hostModules({ rackwatt, extra: contracts }) });
const exports: Record<string, string[]> = {};
const files = [
  manifest.main,
  ...Object.values(manifest.exports ?? {}),
  ...Object.values(manifest.rackwatt.commands ?? {}),
];
for (const file of new Set(files)) if (file !== undefined) exports[file] = Object.keys(await space.load(file)).sort();
const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
const effects = space.effects();
space.dispose();
process.stdout.write(
  JSON.stringify({ exports, transformers: sharedObjects.filter((path) => path.includes('oxc')), effects }),
);
