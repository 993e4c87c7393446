import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import type { RuntimeDocument } from './document.js';
import type { ApplyProblem, PreparedConfiguration } from './hooks.js';
import { isKeyed } from './json.js';
import { MACHINE_KEY_VARIABLE, makeMachineKey, readMachineKey, type MachineKeyFile } from './machine-key.js';
import { SECRET_NAME, replaceReferences } from './references.js';
import { isMissing, realFileSystem } from '../durable/index.cjs';
import { writeAtomically } from './write.js';

export type SecretValue = string | Record<string, unknown>;

const SUFFIX = '.sealed';
/** Version of the layout: magic, nonce (12 bytes), tag (16), ciphertext. */
const MAGIC = Buffer.from('RWS1');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAX_VALUE_BYTES = 64 * 1024;

/**
 * Secrets of a node, a file each in `<storage>/secrets/`, sealed with AES-256-GCM (NIST SP 800-38D) under the key of the
 * machine. The name is authenticated with the value, so that files cannot be swapped.
 */
export class SecretStore {
  readonly #folder: string;
  readonly #key: MachineKeyFile;

  constructor(storage: string, environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#folder = join(storage, 'secrets');
    const given = environment[MACHINE_KEY_VARIABLE];
    this.#key =
      given === undefined || given === ''
        ? { path: join(storage, 'machine.key'), given: false }
        : { path: given, given: true };
  }

  /** Names, sorted. */
  async list(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => name.slice(0, -SUFFIX.length))
        .filter((name) => SECRET_NAME.test(name))
        .sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Keeps text, or an object such as the user and keys of SNMPv3. */
  async set(name: string, value: SecretValue): Promise<void> {
    const file = this.#fileOf(name);
    const plain = Buffer.from(serialise(name, value));
    const key = (await readMachineKey(this.#key)) ?? (await this.#makeKey());
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(name));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
    await writeAtomically(file, Buffer.concat([MAGIC, nonce, cipher.getAuthTag(), sealed]), { mode: 0o600 });
  }

  /** @throws SECRET_MISSING, SECRET_TAMPERED, and what is wrong with the key */
  async get(name: string): Promise<SecretValue> {
    const file = this.#fileOf(name);
    let content: Buffer;
    try {
      content = await readFile(file);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new RackwattError(
        'SECRET_MISSING',
        `the secret "${name}" does not exist; set it with: rackwatt secret set ${name}`,
        { context: { name } },
      );
    }
    const key = await readMachineKey(this.#key);
    if (key === undefined) throw this.#keyIsGone();
    return this.#open(name, file, content, key);
  }

  /** The value, or `undefined` when there is none that can be opened. */
  async getIfSound(name: string): Promise<SecretValue | undefined> {
    try {
      return await this.get(name);
    } catch (error) {
      if (error instanceof RackwattError && (error.code === 'SECRET_MISSING' || error.code === 'SECRET_TAMPERED'))
        return undefined;
      throw error;
    }
  }

  /** @returns whether it was there. */
  async remove(name: string): Promise<boolean> {
    const file = this.#fileOf(name);
    try {
      await rm(file);
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
    await realFileSystem.sync(this.#folder);
    return true;
  }

  #open(name: string, file: string, content: Buffer, key: Buffer): SecretValue {
    const [nonceAt, tagAt, sealedAt] = [
      MAGIC.length,
      MAGIC.length + NONCE_BYTES,
      MAGIC.length + NONCE_BYTES + TAG_BYTES,
    ];
    try {
      if (content.byteLength < sealedAt || !content.subarray(0, MAGIC.length).equals(MAGIC))
        throw new RackwattError('SECRET_TAMPERED', 'its layout is unknown');
      const decipher = createDecipheriv('aes-256-gcm', key, content.subarray(nonceAt, tagAt), {
        authTagLength: TAG_BYTES,
      }).setAAD(authenticated(name));
      decipher.setAuthTag(content.subarray(tagAt, sealedAt));
      const plain = Buffer.concat([decipher.update(content.subarray(sealedAt)), decipher.final()]);
      return JSON.parse(plain.toString()) as SecretValue;
    } catch (error) {
      throw new RackwattError(
        'SECRET_TAMPERED',
        `the secret "${name}" cannot be opened: ${file} was altered, or was sealed with another key than ${this.#key.path}; set it anew with: rackwatt secret set ${name}`,
        { cause: error, context: { name, file, key: this.#key.path } },
      );
    }
  }

  async #makeKey(): Promise<Buffer> {
    if ((await this.list()).length === 0) return makeMachineKey(this.#key);
    // Another process may have made both the key and a secret just now.
    const key = await readMachineKey(this.#key);
    if (key === undefined) throw this.#keyIsGone();
    return key;
  }

  #keyIsGone(): RackwattError {
    return new RackwattError(
      'SECRET_KEY_MISSING',
      `${this.#key.path}, the key of this machine, is gone, so that the secrets in ${this.#folder} cannot be opened; put the key back, or remove that folder and set the secrets anew`,
      { context: { file: this.#key.path, folder: this.#folder } },
    );
  }

  #fileOf(name: string): string {
    if (SECRET_NAME.test(name)) return join(this.#folder, name + SUFFIX);
    throw new RackwattError(
      'SECRET_NAME',
      `${JSON.stringify(name.slice(0, 80))} cannot name a secret; use letters, digits, dots, dashes and underscores, at most 128`,
    );
  }
}

function serialise(name: string, value: SecretValue): string {
  if (typeof value !== 'string' && !isKeyed(value))
    throw new RackwattError('SECRET_VALUE', `the secret "${name}" must be text or an object`);
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) <= MAX_VALUE_BYTES) return text;
  throw new RackwattError('SECRET_VALUE', `the secret "${name}" is longer than ${MAX_VALUE_BYTES} bytes`);
}

function authenticated(name: string): Buffer {
  return Buffer.from(`rackwatt secret v1 ${name}`);
}

/** What a command or page was given: an object when the text is one, else the text itself. */
export function secretValueOf(text: string): SecretValue {
  if (!/^\s*\{/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return isKeyed(value) ? value : text;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/**
 * A deep copy of a configuration with its secrets in place. Never log it; `redact` makes a copy that may be.
 * @returns the copy, and pointers to what was a secret.
 * @throws SECRET_MISSING and what `SecretStore.get` throws
 */
export async function resolveSecrets(
  configuration: Readonly<Record<string, unknown>>,
  store: Pick<SecretStore, 'get'>,
  pid = 'of this component',
): Promise<{ configuration: Record<string, unknown>; secrets: string[] }> {
  const { references, mistakes } = replaceReferences(configuration, () => null);
  const mistake = mistakes[0];
  if (mistake !== undefined)
    throw new RackwattError('CONFIG_INVALID', `configuration ${pid}: ${mistake.pointer} ${mistake.message}`, {
      context: { pid, pointer: mistake.pointer },
    });
  const values = new Map<string, SecretValue>();
  for (const { name, pointer } of references) {
    if (values.has(name)) continue;
    try {
      values.set(name, await store.get(name));
    } catch (error) {
      if (!(error instanceof RackwattError) || error.code !== 'SECRET_MISSING') throw error;
      throw new RackwattError('SECRET_MISSING', missingSentence(pid, name), {
        cause: error,
        context: { pid, name, pointer },
      });
    }
  }
  const { value } = replaceReferences(configuration, ({ name }) => structuredClone(values.get(name)));
  return { configuration: value as Record<string, unknown>, secrets: references.map(({ pointer }) => pointer) };
}

/** Configurations of a document with their secrets; where one cannot be had, why. */
export async function prepare(
  document: RuntimeDocument,
  pids: Iterable<string>,
  store: Pick<SecretStore, 'get'>,
): Promise<Map<string, PreparedConfiguration>> {
  const prepared = new Map<string, PreparedConfiguration>();
  for (const pid of pids) {
    const written = document.configurations[pid];
    if (written === undefined) continue;
    try {
      const resolved = await resolveSecrets(written, store, pid);
      prepared.set(pid, { pid, written, values: resolved.configuration, secrets: resolved.secrets });
    } catch (error) {
      prepared.set(pid, { pid, written, values: {}, secrets: [], problem: errorMessage(error) });
    }
  }
  return prepared;
}

export function missingSentence(pid: string, name: string): string {
  return `configuration ${pid} refers to secret "${name}", which does not exist; set it with: rackwatt secret set ${name}`;
}

/** Of a secret that the node did not run with, so that the one before was put back. */
export function secretRefused(name: string, problems: readonly ApplyProblem[]): RackwattError {
  const why = problems[0]?.message ?? 'the node could not run with it';
  return new RackwattError('CONFIG_NOT_APPLIED', `the secret "${name}" stays as it was: ${why}`, {
    context: { name, problems },
  });
}
