import { createInterface } from 'node:readline';
import { RackwattError } from '../../errors.js';
import type { Command } from '../contract.js';
import { json } from '../output.js';
import { askSilently } from '../passphrase.js';

export const secret: Command = {
  summary: 'passwords and keys, kept apart from the configuration and never printed',
  commands: {
    set: {
      summary: 'store a secret; the value is read from standard input, so that it stays out of the shell history',
      arguments: '<name>',
      async run({ arguments: [name], stdout, configuration }) {
        const value = process.stdin.isTTY
          ? await askSilently(`value of ${name}: `, 'no value was given, and nothing was done')
          : await firstLine();
        if (value === '')
          throw new RackwattError(
            'SECRET_VALUE',
            `no value for the secret ${name} on standard input: echo -n ... | rackwatt secret set ${name}`,
          );
        await configuration.setSecret(name!, value);
        stdout.write(`secret ${name} is stored; refer to it as { "$secret": "${name}" }\n`);
      },
    },
    list: {
      summary: 'names of the secrets',
      options: { '--json': 'print JSON' },
      async run({ options, stdout, configuration }) {
        const names = await configuration.secrets();
        stdout.write(options['json'] ? json(names) : names.map((name) => `${name}\n`).join(''));
      },
    },
    remove: {
      summary: 'forget a secret',
      arguments: '<name>',
      async run({ arguments: [name], stdout, configuration }) {
        await configuration.removeSecret(name!);
        stdout.write(`secret ${name} is gone\n`);
      },
    },
  },
};

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}
