import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isOfSmallOrder } from '../../ed25519.js';
import { errorMessage, RackwattError } from '../../errors.js';

/** Half of an Ed25519 key with which signatures are checked. */
export interface PublicKey {
  /** First 16 hex digits of the sha256 of the key's DER. */
  id: string;
  /** What people call it. */
  name: string;
  key: KeyObject;
}

/** Short name of a key, the same for both halves. */
export function keyId(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

/**
 * Makes an Ed25519 key pair: `<path>` (private, mode 0600) and `<path>.pub`. With a passphrase the private half is encrypted
 * (PKCS #8, AES-256).
 * @throws `KEY_INVALID` when it exists
 */
export function makeKey(path: string, passphrase?: string): { id: string; privateFile: string; publicFile: string } {
  for (const file of [path, `${path}.pub`])
    if (existsSync(file)) throw new RackwattError('KEY_INVALID', `${file} exists; a key is never overwritten`);
  if (passphrase === '') throw new RackwattError('KEY_INVALID', `the passphrase of ${path} is empty`);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }), { mode: 0o600, flag: 'wx' });
  writeFileSync(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  return { id: keyId(publicKey), privateFile: path, publicFile: `${path}.pub` };
}

/** Whether a private key wants a passphrase. @throws `KEY_INVALID` */
export function isEncrypted(path: string): boolean {
  return readPem(path).includes('ENCRYPTED PRIVATE KEY');
}

/** @throws `KEY_INVALID`, also when others than the owner may read it */
export function readPrivateKey(path: string, passphrase?: string): KeyObject {
  const pem = readPem(path);
  if ((statSync(path).mode & 0o077) !== 0)
    throw new RackwattError('KEY_INVALID', `${path} can be read by others than its owner; first: chmod 600 ${path}`);
  if (pem.includes('ENCRYPTED PRIVATE KEY') && passphrase === undefined)
    throw new RackwattError('KEY_INVALID', `${path} is encrypted; give its passphrase with: --passphrase-file FILE`);
  return parseKey(path, pem, (given) =>
    createPrivateKey({ key: given, ...(passphrase === undefined ? {} : { passphrase }) }),
  );
}

/** The keys of a folder of `.pub` files; none when there is no folder. @throws `KEY_INVALID` */
export function readPublicKeys(folder: string): PublicKey[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.pub'));
  return files.sort().map((file) => readPublicKey(join(folder, file)));
}

/** @throws `KEY_INVALID` */
export function readPublicKey(path: string): PublicKey {
  return { name: basename(path, '.pub'), ...parsePublic(path, readPem(path)) };
}

/** A key as a document holds it: base64 of its DER. @throws `KEY_INVALID` */
export function publicKeyOf(name: string, base64: string): PublicKey {
  return {
    name,
    ...parsePublic(name, Buffer.from(`-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`)),
  };
}

export function base64Of({ key }: PublicKey): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}

/** Keys by the text that they were read from: every install asks for them, and parsing one costs more than checking a signature. */
const parsed = new Map<string, { id: string; key: KeyObject }>();
const MOST_PARSED = 100;

function parsePublic(path: string, pem: Buffer): { id: string; key: KeyObject } {
  const text = pem.toString('latin1');
  const known = parsed.get(text);
  if (known) return known;
  const key = parseKey(path, pem, createPublicKey);
  const found = { id: keyId(key), key };
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(text, found);
  return found;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new RackwattError('KEY_INVALID', `${path} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

function parseKey(path: string, pem: Buffer, parse: (pem: Buffer) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse(pem);
  } catch (error) {
    throw new RackwattError('KEY_INVALID', `${path} is not a key in PEM: ${errorMessage(error)}`, { cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new RackwattError('KEY_INVALID', `${path} is a key of type ${key.asymmetricKeyType}, not ed25519`);
  const half = key.type === 'private' ? createPublicKey(key) : key;
  if (isOfSmallOrder(Buffer.from(half.export({ format: 'jwk' }).x!, 'base64url')))
    throw new RackwattError('KEY_INVALID', `${path} is a key of small order, under which anybody can sign`);
  return key;
}
