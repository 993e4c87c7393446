// Builds dist/ from the sources; `tsc -b` has checked them and written their types.
//
// Node takes a third of a millisecond for each module that it finds, reads and links, which is most of a cold start. So what
// is always needed together is joined into one file. Each module still has a file of its own in its place, which exports what
// is in the joined one, so that paths, and the identity of a class, are those of the sources.
import { globSync, rmSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const folder = dirname(fileURLToPath(import.meta.url));
const dist = resolve(folder, 'dist');

/**
 * What is joined, and the modules that it begins with: everything that these import goes with them, unless a file before has it
 * already. What is imported when it is needed (`await import(...)`) stays apart.
 */
const JOINED = {
  // What authors import; the packer puts it into modules that run in a thread of a bundle's own, which must not get the container with it.
  api: ['index'],
  // What an empty container needs.
  core: ['bundle/index', 'bundle/shared'],
  // What the first bundle needs.
  space: ['space/index'],
  deployment: ['configuration/index', 'deployment/index'],
  // What a node and its children in threads and processes share.
  isolation: ['isolation/index', 'isolation/child/container'],
  node: ['node/index'],
  cli: ['cli/main'],
  testing: ['testing/index'],
};

const sources = (...patterns) => globSync(patterns, { cwd: folder, exclude: ['dist', 'node_modules', 'templates'] });
const modules = sources('**/*.ts');
const commonModules = sources('**/*.cts');

const changed = (file) => statSync(resolve(folder, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const newest = Math.max(...[...modules, ...commonModules, 'build.mjs', 'package.json'].map(changed));
if (newest <= changed('dist/index.js') && !process.argv.includes('--force')) process.exit(0);

// A module that is gone leaves nothing behind.
for (const file of globSync('**/*.{js,cjs,map}', { cwd: dist })) rmSync(resolve(dist, file));

const entries = (files) =>
  Object.fromEntries(files.map((file) => [file.slice(0, -extname(file).length), resolve(folder, file)]));
const options = { cwd: folder, platform: 'node', treeshake: false, logLevel: 'warn' };
const output = { dir: dist, sourcemap: true, minifyInternalExports: false, comments: false };

// CommonJS is what the launcher runs, on whatever Node there is: each module by itself.
await build({
  ...options,
  input: entries(commonModules),
  external: (id) => !/^[./]/.test(id),
  resolve: { extensionAlias: { '.cjs': ['.cts'] } },
  output: { ...output, format: 'cjs', preserveModules: true, entryFileNames: '[name].cjs', esModule: true },
});
await build({
  ...options,
  input: entries(modules),
  // What durable/ does has no state: the copy in here spares an empty container Node's whole CommonJS loader.
  external: (id) => !/^[./]/.test(id) || (id.endsWith('.cjs') && !/(?:durable\/index|file-system)\.cjs$/.test(id)),
  resolve: { extensionAlias: { '.js': ['.ts'], '.cjs': ['.cts'] } },
  output: {
    ...output,
    format: 'esm',
    entryFileNames: '[name].js',
    // All in the root of dist/, on which runtime-folder.ts relies.
    chunkFileNames: '[name].js',
    codeSplitting: {
      groups: Object.entries(JOINED).map(([name, faces], place, all) => {
        const begins = new Set(faces.map((face) => resolve(folder, `${face}.ts`)));
        return { name, priority: all.length - place, test: (id) => begins.has(id), debugName: name };
      }),
    },
  },
});
