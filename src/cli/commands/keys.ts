import { resolve } from 'node:path';
import { makeKey } from '../../deployment/index.js';
import type { Command } from '../contract.js';

export const keys: Command = {
  summary: 'release keys, which say which bundles may run',
  commands: {
    new: {
      summary:
        'make an Ed25519 key pair: FILE (keep it secret) and FILE.pub (put it into the keys folder of your sites)',
      arguments: '<file>',
      async run({ arguments: [file], stdout }) {
        const made = makeKey(resolve(file!));
        stdout.write(`key ${made.id}\n  private: ${made.privateFile}\n  public:  ${made.publicFile}\n`);
      },
    },
  },
};
