import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { isEncrypted, readPrivateKey } from '../deployment/index.js';
import { errorMessage, RackwattError } from '../errors.js';

/** A private key; where it is encrypted, with the passphrase of a file or the terminal. @throws `KEY_INVALID`, `USAGE` */
export async function openKey(file: string, passphraseFile: unknown): Promise<KeyObject> {
  const path = resolve(file);
  if (typeof passphraseFile === 'string') return readPrivateKey(path, passphraseOf(resolve(passphraseFile)));
  if (isEncrypted(path) && process.stdin.isTTY)
    return readPrivateKey(path, await askPassphrase(`passphrase of ${file}: `));
  return readPrivateKey(path);
}

/** The first line of a file. @throws `USAGE` */
export function passphraseOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0]!;
  } catch (error) {
    throw new RackwattError('USAGE', `the passphrase file ${file} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

/** Asks for a passphrase at the terminal. @throws `USAGE` when there is no terminal, or nobody answers */
export async function askPassphrase(question: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new RackwattError('USAGE', 'there is no terminal to ask for the passphrase; use --passphrase-file FILE');
  return askSilently(question, 'no passphrase was given, and nothing was done');
}

/**
 * Asks at the terminal, without showing what is typed.
 * @param unanswered what is said when nobody answers (Ctrl-C, Ctrl-D)
 * @throws `USAGE`
 */
export async function askSilently(question: string, unanswered: string): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: mute, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('close', () => reject(new RackwattError('USAGE', unanswered)));
      lines.question('', resolve);
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
