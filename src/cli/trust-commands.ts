import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readDocument, writeAtomically } from '../configuration/index.js';
import {
  changeRoot,
  firstRoot,
  followRoots,
  keyId,
  missingSignatures,
  parseRoots,
  readPublicKey,
  readPublicKeys,
  signRoot,
  TRUST_FILE,
  TrustStore,
  writeRoots,
  type Root,
  type RootChange,
} from '../deployment/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import type { Command, CommandInput } from './contract.js';
import { json, table } from './output.js';
import { openKey } from './passphrase.js';

/** Where a home keeps whom it trusts, and what its node remembers of that. */
export async function trustPlaces({ home, file }: CommandInput): Promise<{ keys: string; state?: string }> {
  if (!existsSync(file)) return { keys: join(home, 'keys') };
  const { framework } = await readDocument(file);
  return { keys: resolve(home, framework.trust.keys), state: join(resolve(home, framework.storage), 'trust') };
}

const several = (description: string): { description: string; repeatable: true } => ({ description, repeatable: true });

export const trust: Command = {
  summary: 'a trust root: several keys that together say who may sign which bundles',
  commands: {
    init: {
      summary: 'begin a trust root in FILE with these public keys, which then sign its versions, and bundles',
      arguments: '<file> <public...>',
      options: { '--threshold <count>': { description: 'how many of them must sign', default: '2' } },
      async run({ arguments: [file, ...keys], options, stdout }) {
        const path = resolve(file!);
        if (existsSync(path))
          throw new RackwattError('USAGE', `${path} exists; change it with: rackwatt keys trust change`);
        const envelope = firstRoot(
          keys.map((key) => readPublicKey(resolve(key))),
          count(options['threshold']),
          path,
        );
        await writeAtomically(path, writeRoots([envelope]));
        stdout.write(`${path}\n${whatIsMissing(readRoots(path), path)}`);
      },
    },
    change: {
      summary: 'draft the next version of a trust root; one version may do several things',
      arguments: '<file>',
      options: {
        '--add <public>': several('key that may sign both trust roots and bundles'),
        '--add-root <public>': several('key that may sign trust roots'),
        '--add-release <public>': several('key that may sign bundles'),
        '--publisher <names=public>': several('key that may sign bundles of a scope alone: @example/*=example.pub'),
        '--remove <key>': several('key that may sign nothing from now on, by name or id'),
        '--revoke <what>': several('lost key, by name or id; or archives: sha256:..., NAME@RANGE'),
        '--minimum <name@version>': several('lowest version of a bundle that nodes still take'),
        '--threshold <count>': 'how many keys must sign a bundle',
        '--root-threshold <count>': 'how many keys must sign the next trust root',
        '--expires <time>': 'when nodes stop installing unless a later version came: 2030-01-01',
      },
      async run({ arguments: [file], options, stdout }) {
        const path = resolve(file!);
        await writeAtomically(path, writeRoots(changeRoot(readRoots(path), changeOf(options), path)));
        stdout.write(whatIsMissing(readRoots(path), path));
      },
    },
    sign: {
      summary: 'sign the last version of a trust root',
      arguments: '<file>',
      options: {
        '--key <file>': 'private key from "rackwatt keys new"',
        '--passphrase-file <file>': 'file whose first line opens an encrypted key; asked for when absent',
      },
      async run({ arguments: [file], options, stdout }) {
        if (typeof options['key'] !== 'string')
          throw new RackwattError(
            'USAGE',
            'keys trust sign wants a key: rackwatt keys trust sign FILE --key release.key',
          );
        const path = resolve(file!);
        const key = await openKey(options['key'], options['passphraseFile']);
        await writeAtomically(path, writeRoots(signRoot(readRoots(path), key, path)));
        stdout.write(`signed by ${keyId(key)}\n${whatIsMissing(readRoots(path), path)}`);
      },
    },
    show: {
      summary: 'what a trust root says, and which signatures it still needs',
      arguments: '<file>',
      options: { '--json': 'print JSON' },
      async run({ arguments: [file], options, stdout }) {
        const path = resolve(file!);
        const roots = readRoots(path);
        const { document } = roots.at(-1)!;
        if (options['json']) stdout.write(json({ ...document, missing: missingOf(roots, path) ?? null }));
        else stdout.write(`${describe(roots.at(-1)!)}${whatIsMissing(roots, path)}`);
      },
    },
    import: {
      summary: 'bring a trust root, or its next version, to the home; a running node goes by it at once',
      arguments: '<file>',
      async run(input) {
        const path = resolve(input.arguments[0]!);
        const places = await trustPlaces(input);
        const { root: known } = await new TrustStore(places).find();
        const content = readFileOf(path);
        const root = followRoots(parseRoots(content, path), known, path);
        if (known && root === known && parseRoots(content, path).at(-1)!.document.version < known.document.version)
          throw new RackwattError(
            'TRUST_INVALID',
            `${path} ends with version ${parseRoots(content, path).at(-1)!.document.version}, but version ${known.document.version} is trusted here already`,
          );
        await mkdir(places.keys, { recursive: true });
        await writeAtomically(join(places.keys, TRUST_FILE), content);
        const plain = readPublicKeys(places.keys).map(({ name }) => `${name}.pub`);
        input.stdout.write(
          `version ${root.document.version} is trusted in ${places.keys}${plain.length > 0 ? `; ${plain.join(', ')} there count no more` : ''}\n`,
        );
      },
    },
  },
};

export const list: Command = {
  summary: 'whom the home trusts to sign bundles, and what it takes no more',
  options: { '--json': 'print JSON' },
  async run(input) {
    const places = await trustPlaces(input);
    const { trust: found, root, warning } = await new TrustStore(places).find();
    const { keys, roles, minimums, revokedKeys, revokedArchives, expires, place } = found.rules;
    const rows = keys.map(({ id, name }) => ({
      key: name,
      id,
      signs: roles
        .filter((role) => role.keys.includes(id))
        .map((role) => `${role.names.join(', ')} (${role.threshold} of ${role.keys.length})`)
        .join('; '),
    }));
    if (input.options['json'])
      return input.stdout.write(
        json({
          place,
          version: root?.document.version ?? null,
          keys: rows,
          minimums: Object.fromEntries(minimums),
          revoked: { keys: revokedKeys, archives: revokedArchives },
          expires: expires ?? null,
          warning: warning ?? null,
        }),
      );
    if (warning !== undefined) input.stderr.write(`rackwatt: ${warning}\n`);
    input.stdout.write(`${place}\n${rows.length > 0 ? table(rows) : 'nobody is trusted\n'}`);
    for (const [name, version] of minimums) input.stdout.write(`at least  ${name} ${version}\n`);
    for (const what of [...revokedKeys, ...revokedArchives]) input.stdout.write(`revoked   ${what}\n`);
    if (expires !== undefined) input.stdout.write(`expires   ${expires}\n`);
  },
};

function readRoots(path: string): Root[] {
  return parseRoots(readFileOf(path), path);
}

function readFileOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RackwattError('TRUST_INVALID', `${path} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

function missingOf(roots: readonly Root[], path: string): string | undefined {
  return missingSignatures(roots.at(-1)!, roots.at(-2), path);
}

function whatIsMissing(roots: readonly Root[], path: string): string {
  const missing = missingOf(roots, path);
  const { version } = roots.at(-1)!.document;
  return missing === undefined
    ? `version ${version} has its signatures; bring it to a node with: rackwatt keys trust import\n`
    : `${missing}; sign it with: rackwatt keys trust sign\n`;
}

function describe({ document, keys }: Root): string {
  const named = (ids: readonly string[]): string =>
    ids.map((id) => keys.find((key) => key.id === id)?.name ?? id).join(', ');
  const lines = [
    `version     ${document.version}${document.expires === undefined ? '' : `, expires ${document.expires}`}`,
    ...keys.map(({ id, name }) => `key         ${id}  ${name}`),
    `root        ${document.root.threshold} of ${named(document.root.keys)}`,
    ...document.release.map((role) => `bundles     ${role.names.join(', ')}: ${role.threshold} of ${named(role.keys)}`),
    ...Object.entries(document.minimums).map(([name, version]) => `at least    ${name} ${version}`),
    ...[...document.revoked.keys, ...document.revoked.archives].map((what) => `revoked     ${what}`),
  ];
  return `${lines.join('\n')}\n`;
}

function changeOf(options: CommandInput['options']): RootChange {
  const texts = (key: string): string[] => (options[key] as string[] | undefined) ?? [];
  const keys = (key: string): ReturnType<typeof readPublicKey>[] =>
    texts(key).map((path) => readPublicKey(resolve(path)));
  const both = keys('add');
  return {
    addRoot: [...both, ...keys('addRoot')],
    addRelease: [...both, ...keys('addRelease')],
    publishers: texts('publisher').map((text) => {
      const [names, path] = split(text, '=');
      return { names, key: readPublicKey(resolve(path)) };
    }),
    remove: texts('remove'),
    revoke: texts('revoke'),
    minimums: texts('minimum').map((text) => {
      const [name, version] = split(text, '@');
      return { name, version };
    }),
    ...(options['threshold'] === undefined ? {} : { threshold: count(options['threshold']) }),
    ...(options['rootThreshold'] === undefined ? {} : { rootThreshold: count(options['rootThreshold']) }),
    ...(typeof options['expires'] === 'string' ? { expires: options['expires'] } : {}),
  };
}

/** At the last such sign. @throws `USAGE` */
function split(text: string, sign: string): [string, string] {
  const at = text.lastIndexOf(sign);
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new RackwattError('USAGE', `"${text}" has no ${sign}`);
}

function count(value: unknown): number {
  const number = Number(value);
  if (Number.isInteger(number) && number > 0) return number;
  throw new RackwattError('USAGE', `"${String(value)}" is no number of signatures`);
}
