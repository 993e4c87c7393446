import { resolve } from 'node:path';
import { makeKey } from '../../deployment/index.js';
import type { Command } from '../contract.js';
import { askPassphrase, passphraseOf } from '../passphrase.js';
import { list, trust } from '../trust-commands.js';

export const keys: Command = {
  summary: 'release keys, which say which bundles may run',
  commands: {
    new: {
      summary:
        'make an Ed25519 key pair: FILE (keep it secret) and FILE.pub (put it into the keys folder of your sites)',
      arguments: '<file>',
      options: {
        '--passphrase': 'encrypt the private key; asks for a passphrase',
        '--passphrase-file <file>': 'encrypt the private key with the first line of a file',
      },
      async run({ arguments: [file], options, stdout }) {
        const given = options['passphraseFile'];
        const passphrase =
          typeof given === 'string'
            ? passphraseOf(resolve(given))
            : options['passphrase'] === true
              ? await askPassphrase(`passphrase for ${file}: `)
              : undefined;
        const made = makeKey(resolve(file!), passphrase);
        stdout.write(`key ${made.id}\n  private: ${made.privateFile}\n  public:  ${made.publicFile}\n`);
      },
    },
    list,
    trust,
  },
};
