import { resolve } from 'node:path';
import { writeAtomically } from '../configuration/index.js';
import {
  archiveName,
  joinArchive,
  keyId,
  manifestBeside,
  packBundle,
  signArchive,
  TrustStore,
  verifyArchive,
  writeEnvelope,
} from '../deployment/index.js';
import { RackwattError } from '../errors.js';
import type { Command, CommandInput } from './contract.js';
import { json, table } from './output.js';
import { openKey } from './passphrase.js';
import { trustPlaces } from './trust-commands.js';

const JSON_OPTION = { '--json': 'print JSON' };

/** Whether a word names an archive rather than a bundle. */
export function isArchive(word: string): boolean {
  return /\.(?:tgz|tar\.gz)$/.test(word);
}

/** Whom the keys folder of a command, or of the home with what its node remembers, trusts. */
async function trustOf(input: CommandInput): Promise<TrustStore> {
  const { keys } = input.options;
  return new TrustStore(typeof keys === 'string' ? { keys: resolve(keys) } : await trustPlaces(input));
}

export const pack: Command = {
  summary: 'pack a bundle into one archive, private dependencies inlined',
  arguments: '[dir]',
  options: {
    '-o, --output <file>': 'archive to write; NAME-VERSION.tgz in the working folder when absent',
    '--detached': 'write the manifest beside the archive (NAME-VERSION.manifest.json) instead of in front of it',
    ...JSON_OPTION,
  },
  async run({ arguments: [dir], options, stdout }) {
    const { describeBundle } = await import('../node/index.js');
    const packed = await packBundle(resolve(dir ?? '.'), describeBundle);
    const { name, version, digest, archive, parts } = packed;
    const file = resolve(String(options['output'] ?? archiveName(name, version)));
    const manifest = options['detached'] === true ? manifestBeside(file) : undefined;
    await writeAtomically(file, manifest === undefined ? joinArchive(parts) : parts.content);
    if (manifest !== undefined) await writeAtomically(manifest, writeEnvelope(parts.envelope));
    const { files } = archive;
    if (options['json'])
      stdout.write(json({ file, ...(manifest === undefined ? {} : { manifest }), name, version, digest, files }));
    else
      stdout.write(
        `${file}\n  ${name} ${version}, ${files.length} files, ${archive.archive.length} bytes, sha256 ${digest}\n`,
      );
  },
};

export const sign: Command = {
  summary: 'add the signature of a release key to an archive, in place',
  arguments: '<archive>',
  options: {
    '--key <file>': 'private key from "rackwatt keys new"',
    '--passphrase-file <file>': 'file whose first line opens an encrypted key; asked for when absent',
  },
  async run({ arguments: [file], options, stdout }) {
    if (typeof options['key'] !== 'string')
      throw new RackwattError('USAGE', 'bundle sign wants a key: rackwatt bundle sign FILE.tgz --key release.key');
    const path = resolve(file!);
    const key = await openKey(options['key'], options['passphraseFile']);
    // Whoever signs says that the archive is sound.
    await verifyArchive(path);
    const signed = await signArchive(path, key);
    const others = signed.length > 1 ? ` (${signed.length} signatures)` : '';
    stdout.write(`${path} is signed by ${keyId(key)}${others}\n`);
  },
};

export const verify: Command = {
  summary: 'check an archive: complete, unaltered, and trusted',
  arguments: '<archive>',
  options: {
    '--keys <folder>': 'folder of trust.json or trusted .pub files; that of the home when absent',
    ...JSON_OPTION,
  },
  async run(input) {
    const { trust } = await (await trustOf(input)).find();
    const { name, version, digest, signers, archive } = await verifyArchive(resolve(input.arguments[0]!), { trust });
    if (input.options['json'])
      input.stdout.write(json({ name, version, digest, signers, files: archive.files.length }));
    else input.stdout.write(`${name} ${version} is unaltered and signed by ${signers.join(', ')}\n`);
  },
};

/** Prints what an archive holds, trusted or not. */
export async function showArchive(input: CommandInput): Promise<void> {
  const file = resolve(input.arguments[0]!);
  const verified = await verifyArchive(file);
  const found = await (await trustOf(input)).find().catch((error: unknown) => ({ error: error as Error }));
  const trusted =
    'error' in found
      ? { error: found.error }
      : await verifyArchive(file, { trust: found.trust }).catch((error: unknown) => ({ error: error as Error }));
  const { name, version, digest, archive, sbom, strangers } = verified;
  const known = 'error' in found ? [] : found.trust.rules.keys;
  const signatures = strangers.map((id) => known.find((key) => key.id === id)?.name ?? `${id} (not trusted here)`);
  const trust = 'error' in trusted ? trusted.error.message : 'trusted here';
  const { needs, capabilities, minimum, files } = archive;
  if (input.options['json'])
    return input.stdout.write(
      json({
        name,
        version,
        digest,
        archive: archive.archive,
        signatures,
        trust,
        needs,
        capabilities,
        minimum,
        sbom,
        files,
      }),
    );
  const lines: [string, string][] = [
    ['bundle', `${name} ${version}`],
    ['digest', `sha256:${digest}`],
    ['size', `${archive.archive.length} bytes, ${archive.archive.unpacked} unpacked, ${files.length} files`],
    ['signed by', signatures.join(', ') || 'nobody'],
    ['trust', trust],
    [
      'needs',
      Object.entries(needs)
        .map(([what, range]) => `${what} ${range}`)
        .join(', ') || 'nothing',
    ],
    ['capabilities', capabilities.join(', ') || 'none'],
    ['minimum', minimum ?? 'none'],
    ['made of', `its own code and ${sbom.components.length} packages (${sbom.format})`],
  ];
  input.stdout.write(lines.map(([what, text]) => `${what.padEnd(14)}${text}\n`).join(''));
  const packages = sbom.components.map((component) => ({
    package: `  ${component.name}`,
    version: component.version,
    licence: component.licenses.join(', '),
  }));
  if (packages.length > 0) input.stdout.write(`packages\n${table(packages).replace(/^.*\n/, '')}`);
  input.stdout.write(
    `files\n${files.map(({ path, size, mode }) => `  ${mode}  ${String(size).padStart(9)}  ${path}\n`).join('')}`,
  );
}
