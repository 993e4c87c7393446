import { basename, join, resolve } from 'node:path';
import type { BundleInfo } from '../../bundle/index.js';
import { writeAtomically } from '../../configuration/index.js';
import {
  archiveName,
  keyId,
  newBundle,
  packBundle,
  readArchive,
  readArchiveFile,
  readPrivateKey,
  sha256,
  signFiles,
  verifyArchive,
  writeArchive,
} from '../../deployment/index.js';
import { RackwattError } from '../../errors.js';
import type { Command } from '../contract.js';
import { json, table } from '../output.js';

const JSON_OPTION = { '--json': 'print JSON' };

function onRunningNode(summary: string, method: string, done: (info: BundleInfo) => string): Command {
  return {
    summary,
    arguments: '<name>',
    options: JSON_OPTION,
    async run({ arguments: [name], options, stdout, call }) {
      const info = (await call(method, { name })) as BundleInfo;
      stdout.write(options['json'] ? json(info) : done(info));
    },
  };
}

const install: Command = {
  summary: 'install a signed archive into the running node, or update the bundle of that name',
  arguments: '<archive>',
  options: JSON_OPTION,
  async run({ arguments: [file], options, stdout, call }) {
    const info = (await call('bundle.install', { file: resolve(file!) })) as BundleInfo;
    stdout.write(options['json'] ? json(info) : `${info.name} ${info.version} is ${info.state}\n`);
  },
};

export const bundle: Command = {
  summary: 'make, pack, sign, install and look at bundles',
  commands: {
    list: {
      summary: 'bundles of the running node',
      options: JSON_OPTION,
      async run({ options, stdout, call }) {
        const bundles = (await call('bundle.list')) as BundleInfo[];
        if (options['json']) stdout.write(json(bundles));
        else
          stdout.write(
            table(
              bundles.map(({ id, name, version, state, startLevel, location, reason }) => ({
                id,
                name,
                version,
                state,
                level: startLevel,
                location,
                why: reason ?? '',
              })),
            ),
          );
      },
    },
    info: {
      summary: 'one bundle with its imports and components',
      arguments: '<name>',
      async run({ arguments: [name], stdout, call }) {
        stdout.write(json(await call('bundle.info', { name })));
      },
    },
    why: {
      summary: 'why a bundle is not active',
      arguments: '<name>',
      async run({ arguments: [name], stdout, call }) {
        const { state, reason } = (await call('bundle.why', { name })) as { state: string; reason: string };
        stdout.write(`${state}: ${reason}\n`);
      },
    },
    new: {
      summary: 'lay out a new bundle with a test in DIR: "bundle new driver acme"',
      arguments: '<kind> <name>',
      options: { '--dir <folder>': 'where; a folder of the name in the working folder when absent' },
      async run({ arguments: [kind, name], options, stdout }) {
        const made = await newBundle(kind!, name!, resolve(String(options['dir'] ?? name!.replace(/^.*\//, ''))));
        stdout.write(
          `${made.name} is in ${made.folder}\n\n  cd ${made.folder}\n  npm install\n  npm test\n  npx rackwatt bundle pack\n`,
        );
      },
    },
    pack: {
      summary: 'pack a bundle into one archive, private dependencies inlined',
      arguments: '[dir]',
      options: {
        '-o, --output <file>': 'archive to write; NAME-VERSION.tgz in the working folder when absent',
        ...JSON_OPTION,
      },
      async run({ arguments: [dir], options, stdout }) {
        const { describeBundle } = await import('../../node/index.js');
        const packed = await packBundle(resolve(dir ?? '.'), describeBundle);
        const file = resolve(String(options['output'] ?? archiveName(packed.name, packed.version)));
        await writeAtomically(file, packed.archive);
        const digest = sha256(packed.archive);
        if (options['json'])
          stdout.write(json({ file, name: packed.name, version: packed.version, digest, files: packed.files }));
        else
          stdout.write(
            `${file}\n  ${packed.name} ${packed.version}, ${packed.files.length} files, ${packed.archive.length} bytes, sha256 ${digest}\n`,
          );
      },
    },
    sign: {
      summary: 'sign an archive with a release key, in place',
      arguments: '<archive>',
      options: { '--key <file>': 'private key from "rackwatt keys new"' },
      async run({ arguments: [file], options, stdout }) {
        if (typeof options['key'] !== 'string')
          throw new RackwattError('USAGE', 'bundle sign wants a key: rackwatt bundle sign FILE.tgz --key release.key');
        const path = resolve(file!);
        const key = readPrivateKey(resolve(options['key']));
        const files = await readArchive(await readArchiveFile(path), basename(path));
        await writeAtomically(path, await writeArchive(signFiles(files, key, basename(path))));
        stdout.write(`${path} is signed by ${keyId(key)}\n`);
      },
    },
    verify: {
      summary: 'check an archive: complete, unaltered, signed by a trusted key',
      arguments: '<archive>',
      options: { '--keys <folder>': 'folder of trusted .pub files; "keys" of the home when absent', ...JSON_OPTION },
      async run({ arguments: [file], options, stdout, home }) {
        const path = resolve(file!);
        const keys = resolve(String(options['keys'] ?? join(home, 'keys')));
        const { manifest, signers, files } = await verifyArchive(await readArchiveFile(path), basename(path), {
          keys,
          allowUnsigned: false,
        });
        if (options['json'])
          stdout.write(json({ name: manifest.name, version: manifest.version, signers, files: files.length }));
        else stdout.write(`${manifest.name} ${manifest.version} is unaltered and signed by ${signers.join(', ')}\n`);
      },
    },
    install,
    update: {
      ...install,
      summary: 'update a bundle of the running node from a signed archive; on any failure the old one goes on',
    },
    start: onRunningNode(
      'start a bundle of the running node',
      'bundle.start',
      ({ name, state }) => `${name} is ${state}\n`,
    ),
    stop: onRunningNode(
      'stop a bundle of the running node',
      'bundle.stop',
      ({ name, state }) => `${name} is ${state}\n`,
    ),
    uninstall: onRunningNode(
      'take a bundle out of the configuration; what it stored stays',
      'bundle.uninstall',
      ({ name }) => `${name} is uninstalled\n`,
    ),
  },
};
