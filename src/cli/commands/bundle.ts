import { resolve } from 'node:path';
import type { BundleInfo } from '../../bundle/index.js';
import { newBundle } from '../../deployment/index.js';
import { isArchive, pack, showArchive, sign, verify } from '../archive-commands.js';
import { install } from '../install-command.js';
import type { Command } from '../contract.js';
import { json, table } from '../output.js';
import { doctor } from '../bundle-doctor.js';
import { why } from '../bundle-why.js';

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
              bundles.map(({ id, name, version, state, startLevel, isolation, host, location, reason }) => ({
                id,
                name,
                version,
                state,
                level: startLevel,
                runs: host?.place ?? isolation,
                location,
                why: reason ?? '',
              })),
            ),
          );
      },
    },
    info: {
      summary: 'one bundle with its imports and components; of FILE.tgz, what the archive holds',
      arguments: '<name>',
      options: JSON_OPTION,
      async run(input) {
        const [name] = input.arguments;
        if (isArchive(name!)) await showArchive(input);
        else input.stdout.write(json(await input.call('bundle.info', { name })));
      },
    },
    why,
    doctor,
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
    pack,
    sign,
    verify,
    install,
    update: {
      ...install,
      summary: 'update bundles of the running node, as install does; on any failure the old ones go on',
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
    refresh: {
      summary:
        'wire a bundle anew with all that are wired to it; without NAME, whoever is still wired to old revisions',
      arguments: '[name]',
      options: JSON_OPTION,
      async run({ arguments: [name], options, stdout, call }) {
        const bundles = (await call('bundle.refresh', name === undefined ? {} : { name })) as BundleInfo[];
        if (options['json']) stdout.write(json(bundles));
        else if (bundles.length === 0) stdout.write('nobody is wired to an old revision\n');
        else stdout.write(bundles.map((each) => `${each.name} is ${each.state}\n`).join(''));
      },
    },
    uninstall: onRunningNode(
      'take a bundle out of the configuration; what it stored stays',
      'bundle.uninstall',
      ({ name }) => `${name} is uninstalled\n`,
    ),
  },
};
