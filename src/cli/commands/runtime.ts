import { resolve } from 'node:path';
import type { RuntimeInfo } from '../../node/runtimes.js';
import { archiveName, packRuntime, RUNTIME_NAME } from '../../deployment/index.js';
import type { Command } from '../contract.js';
import { json, table } from '../output.js';

const JSON_OPTION = { '--json': 'print JSON' };

export const runtime: Command = {
  summary: 'the runtime itself, with its Node: pack, install, go back',
  commands: {
    pack: {
      summary: 'pack this runtime, with its Node, into one archive for this platform; sign it with "bundle sign"',
      options: {
        '-o, --output <file>': 'archive to write; rackwatt-VERSION-PLATFORM-ARCH.tgz in the working folder when absent',
        ...JSON_OPTION,
      },
      async run({ options, stdout }) {
        const named = (version: string): string =>
          archiveName(RUNTIME_NAME, `${version}-${process.platform}-${process.arch}`);
        const { file, version, digest, archive } = await packRuntime({
          output: (found) => (typeof options['output'] === 'string' ? options['output'] : named(found)),
        });
        const { length } = archive.archive;
        if (options['json']) stdout.write(json({ file, version, digest, files: archive.files.length, bytes: length }));
        else
          stdout.write(
            `${file}\n  ${RUNTIME_NAME} ${version}, ${archive.files.length} files, ${length} bytes, sha256 ${digest}\n`,
          );
      },
    },
    install: {
      summary:
        'install a signed runtime into the running node, which then starts again with it; what does not hold goes back',
      arguments: '<archive>',
      options: JSON_OPTION,
      async run({ arguments: [file], options, stdout, call }) {
        const installed = (await call('runtime.install', { file: resolve(file!) })) as { version: string };
        if (options['json']) stdout.write(json(installed));
        else stdout.write(`the node starts again with the runtime ${installed.version}\n`);
      },
    },
    list: {
      summary: 'the runtimes that are here: the one that runs, those in the store, the one that the launcher came with',
      options: JSON_OPTION,
      async run({ options, stdout, call }) {
        const runtimes = (await call('runtime.list')) as RuntimeInfo[];
        if (options['json']) stdout.write(json(runtimes));
        else
          stdout.write(
            table(
              runtimes.map(({ version, node, state, folder, isFactory }) => ({
                version,
                node,
                state,
                from: isFactory ? 'the launcher' : 'an archive',
                folder,
              })),
            ),
          );
      },
    },
    rollback: {
      summary: 'go back to the runtime before this one; the configuration otherwise stays',
      options: JSON_OPTION,
      async run({ options, stdout, call }) {
        const back = (await call('runtime.rollback')) as { version: string };
        if (options['json']) stdout.write(json(back));
        else stdout.write(`the node starts again with the runtime ${back.version}\n`);
      },
    },
  },
};
