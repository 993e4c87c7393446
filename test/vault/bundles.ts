import { rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A bundle as somebody may have written it. */
export interface VaultBundle {
  /** By path; `package.json` comes from `manifest` unless it is among them. */
  files: Record<string, string>;
  manifest?: Record<string, unknown>;
  /** Does to its folder what a text cannot say. */
  prepare?(folder: string): void;
}

export interface Broken extends VaultBundle {
  code: string;
  /** The sentence that is said: the whole of it, where it names no folder. */
  sentence: RegExp;
}

const main = (code: string): Record<string, string> => ({ 'index.js': code });
const withComponent = (options: string): Record<string, string> =>
  main(
    `const { component, contract, one } = require('rackwatt'); exports.c = component({ name: 'vault.c', ${options} });`,
  );
const MB = 1 << 20;

/** Bundles that run: what a Node engineer would write, in all the ways that there are. */
export const GOOD: Record<string, VaultBundle> = {
  'CommonJS with an activator': { files: main('exports.activator = { start() {}, stop() {} };') },
  'CommonJS with a component': { files: withComponent('activate: () => undefined') },
  'ES modules with a top-level await': {
    files: {
      'index.js': `import { component } from 'rackwatt'; import { word } from './word.js';
        export const c = component({ name: 'vault.c', activate: () => word });`,
      'word.js': `export const word = await Promise.resolve('word');`,
    },
    manifest: { type: 'module' },
  },
  'TypeScript with decorators': {
    files: {
      'index.ts': `import { Activate, Component } from 'rackwatt/decorators';
        enum Level { Low = 1 }
        @Component({ name: 'vault.c' }) export class C { level: Level = Level.Low; @Activate() up(): void { this.level++; } }`,
    },
    manifest: { main: './index.ts' },
  },
  'JSON, a circle of modules and a private package': {
    files: {
      'index.js': `exports.a = require('./a.js'); exports.data = require('./data.json'); exports.p = require('private-part');`,
      'a.js': `exports.early = 1; exports.b = require('./b.js');`,
      'b.js': `exports.seen = require('./a.js').early;`,
      'data.json': '{ "one": 1 }',
      'node_modules/private-part/package.json': '{ "name": "private-part", "version": "1.0.0" }',
      'node_modules/private-part/index.js': 'module.exports = () => 1;',
    },
    manifest: { dependencies: { 'private-part': '1.0.0' } },
  },
  'nothing but a contract': {
    files: {
      'contract.js': `exports.Meter = require('rackwatt').contract('vault/Meter', { major: 1, methods: ['read'] });`,
    },
    manifest: { main: undefined, exports: { './contract': './contract.js' }, rackwatt: { contracts: ['./contract'] } },
  },
  'an empty module': { files: main('') },
  'a byte order mark and a script line': { files: main('\uFEFF#!/usr/bin/env node\nexports.one = 1;') },
  'a thousand components': {
    files: main(`const { component } = require('rackwatt');
      for (let i = 0; i < 1000; i++) exports['c' + i] = component({ name: 'vault.c' + i, activate: () => undefined });`),
  },
  'timers and sockets that nobody closes': {
    files: main(`const net = require('node:net');
      exports.activator = { start() { setInterval(() => {}, 10); net.createServer().listen(0, '127.0.0.1'); } };`),
  },
};

/** Bundles that cannot run, and the one sentence that says why. */
export const BROKEN: Record<string, Broken> = {
  'no package.json': {
    files: {},
    prepare: (folder) => rmSync(join(folder, 'package.json')),
    code: 'BUNDLE_MANIFEST',
    sentence: /^no bundle at .*ENOENT/,
  },
  'a package.json that is no JSON': {
    files: { 'package.json': '{ "name": ' },
    code: 'BUNDLE_MANIFEST',
    sentence: /package\.json is not JSON/,
  },
  'a package.json that is a list': {
    files: { 'package.json': '[]' },
    code: 'BUNDLE_MANIFEST',
    sentence: /package\.json must be an object$/,
  },
  'a name that leads out': {
    files: main(''),
    manifest: { name: '../evil' },
    code: 'BUNDLE_MANIFEST',
    sentence: /"name" must be an npm package name$/,
  },
  'a version that is none': {
    files: main(''),
    manifest: { version: '1.0' },
    code: 'BUNDLE_MANIFEST',
    sentence: /"version" must be a semantic version such as 1\.2\.3$/,
  },
  'no "rackwatt" key': {
    files: main(''),
    manifest: { rackwatt: undefined },
    code: 'BUNDLE_MANIFEST',
    sentence: /has no "rackwatt" object, so this package is not a bundle$/,
  },
  'an update policy that is none': {
    files: main(''),
    manifest: { rackwatt: { update: 'sometimes' } },
    code: 'BUNDLE_MANIFEST',
    sentence: /"rackwatt\.update" must be "staged" or "exclusive"$/,
  },
  'a main module outside its folder': {
    files: {},
    manifest: { main: '../../index.js' },
    code: 'BUNDLE_MANIFEST',
    sentence: /"main"/,
  },
  'a main module that is not there': { files: {}, code: 'BUNDLE_START', sentence: /Cannot find '.*index\.js'/ },
  'a contract that nobody brings': {
    files: main(''),
    manifest: { peerDependencies: { '@example/absent': '^1.0.0' } },
    code: 'BUNDLE_RESOLVE',
    sentence: /@example\/absent/,
  },
  'a runtime of another time': {
    files: main(''),
    manifest: { engines: { rackwatt: '>=9' } },
    code: 'BUNDLE_RESOLVE',
    sentence: />=9/,
  },
  'a module with a mistake': {
    files: main('exports.x = ;'),
    code: 'BUNDLE_START',
    sentence: /index\.js:1 is not valid/,
  },
  'a module that is no text': {
    files: {},
    prepare: (folder) => writeFileSync(join(folder, 'index.js'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff])),
    code: 'BUNDLE_START',
    sentence: /index\.js.* is not valid/,
  },
  'a module of 100 MB': {
    files: main(''),
    prepare: (folder) => truncateSync(join(folder, 'index.js'), 100 * MB),
    code: 'BUNDLE_START',
    sentence: /index\.js has more than 67108864 bytes/,
  },
  'a link out of the bundle': {
    files: {},
    prepare(folder) {
      writeFileSync(join(folder, '..', 'outside.js'), 'exports.secret = 1;');
      symlinkSync(join(folder, '..', 'outside.js'), join(folder, 'index.js'));
    },
    code: 'BUNDLE_START',
    sentence: /index\.js', imported by .*, lies outside of the bundle/,
  },
  'a way out of the bundle': {
    files: main(`require('../neighbour-1/index.js');`),
    code: 'BUNDLE_START',
    sentence: /lies outside of the bundle: bring it along, or import a contract/,
  },
  'a package that is not installed': {
    files: main(`require('left-pad');`),
    code: 'BUNDLE_START',
    sentence: /Cannot find 'left-pad'/,
  },
  'a module that throws': {
    files: main(`throw new Error('no luck');`),
    code: 'BUNDLE_START',
    sentence: /index\.js threw while it was loaded: no luck$/,
  },
  'a module that throws nothing sensible': {
    files: main('throw null;'),
    code: 'BUNDLE_START',
    sentence: /threw while it was loaded/,
  },
  'a module that ends the process': {
    files: main('process.exit(1);'),
    code: 'BUNDLE_START',
    sentence: /process\.exit/,
  },
  'a top-level await that is required': {
    files: { 'index.cjs': `require('./late.mjs');`, 'late.mjs': 'await 1; export const x = 1;' },
    manifest: { main: './index.cjs' },
    code: 'BUNDLE_START',
    sentence: /late\.mjs/,
  },
  'the private part of another bundle': {
    files: main(`require('neighbour/secret');`),
    manifest: { peerDependencies: { neighbour: '*' } },
    code: 'BUNDLE_START',
    sentence: /neighbour/,
  },
  'an activator that throws': {
    files: main(`exports.activator = { start() { throw new Error('no port'); } };`),
    code: 'BUNDLE_START',
    sentence: /no port/,
  },
  'an activator that never settles': {
    files: main(`exports.activator = { start: () => new Promise(() => {}) };`),
    code: 'BUNDLE_START',
    sentence: /did not finish starting in/,
  },
  'an activator that is none': {
    files: main(`exports.activator = { begin() {} };`),
    code: 'BUNDLE_START',
    sentence: /start/,
  },
};
