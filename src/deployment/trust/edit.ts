import type { KeyObject } from 'node:crypto';
import { RackwattError } from '../../errors.js';
import { signEnvelope, type Envelope } from './envelope.js';
import { base64Of, keyId, type PublicKey } from './keys.js';
import {
  isPattern,
  isRevocation,
  isVersion,
  missingSignatures,
  openRoot,
  ROOT_TYPE,
  type Root,
  type RootDocument,
} from './root.js';

/** What the next version of a trust root does otherwise; one version may do several things. */
export interface RootChange {
  /** Keys that may sign trust roots, bundles, or both. */
  addRoot?: readonly PublicKey[];
  addRelease?: readonly PublicKey[];
  /** Keys that may sign bundles of some names alone. */
  publishers?: readonly { names: string; key: PublicKey }[];
  /** Keys that lose every role, by name or id. */
  remove?: readonly string[];
  /** Keys that lose every role and are never to be used again, by name or id; digests of archives; `NAME@RANGE`. */
  revoke?: readonly string[];
  minimums?: readonly { name: string; version: string }[];
  /** Signatures that a bundle needs. */
  threshold?: number;
  /** Signatures that the next trust root needs. */
  rootThreshold?: number;
  /** ISO 8601. */
  expires?: string;
}

const EVERYTHING = '*';

/** Version 1, where these keys together sign both trust roots and bundles. @throws `TRUST_INVALID` */
export function firstRoot(keys: readonly PublicKey[], threshold: number, name: string): Envelope {
  return draft(
    {
      spec: 1,
      version: 1,
      keys: [],
      root: { keys: [], threshold },
      release: [{ names: [EVERYTHING], keys: [], threshold }],
      revoked: { keys: [], archives: [] },
      minimums: {},
    },
    [],
    { addRoot: keys, addRelease: keys },
    name,
  );
}

/**
 * The next version; where the last one does not have its signatures yet, that one in another form.
 * @throws `TRUST_INVALID`
 */
export function changeRoot(roots: readonly Root[], change: RootChange, name: string): Envelope[] {
  const last = roots.at(-1)!;
  const isDraft = missingSignatures(last, roots.at(-2), name) !== undefined;
  const document = structuredClone(last.document);
  const next = isDraft ? document : { ...document, version: document.version + 1 };
  const kept = roots.slice(0, isDraft ? -1 : undefined);
  return [...kept.map(({ envelope }) => envelope), draft(next, last.keys, change, name)];
}

/** Adds a signature to the last version. @throws `TRUST_INVALID` when that key has no say */
export function signRoot(roots: readonly Root[], key: KeyObject, name: string): Envelope[] {
  const last = roots.at(-1)!;
  const id = keyId(key);
  if (![last, ...roots.slice(-2, -1)].some(({ document }) => document.root.keys.includes(id)))
    throw new RackwattError(
      'TRUST_INVALID',
      `${name}: the key ${id} is no root key of version ${last.document.version}, nor of the one before`,
    );
  return roots.map(({ envelope }) => (envelope === last.envelope ? signEnvelope(envelope, key) : envelope));
}

function draft(document: RootDocument, known: readonly PublicKey[], change: RootChange, name: string): Envelope {
  const keys = new Map([...known, ...addedKeys(change)].map((key) => [key.id, key]));
  const everything = roleOf(document, EVERYTHING);
  add(document.root.keys, change.addRoot);
  add(everything.keys, change.addRelease);
  for (const { names, key } of change.publishers ?? []) {
    if (!isPattern(names) || names === EVERYTHING)
      throw wrong(name, `"${names}" names no bundles of a publisher; give a scope such as @example/*`);
    add(roleOf(document, names).keys, [key]);
  }
  for (const each of change.remove ?? []) takeAway(document, idOf(each, keys, name));
  for (const each of change.revoke ?? []) revoke(document, each, keys, name);
  for (const { name: bundle, version } of change.minimums ?? []) {
    if (!isVersion(version)) throw wrong(name, `"${version}" is no version`);
    document.minimums[bundle] = version;
  }
  if (change.threshold !== undefined) everything.threshold = change.threshold;
  if (change.rootThreshold !== undefined) document.root.threshold = change.rootThreshold;
  if (change.expires !== undefined) document.expires = change.expires;
  document.release = document.release.filter((role) => role === everything || role.keys.length > 0);
  const used = new Set([document.root, ...document.release].flatMap((role) => role.keys));
  document.keys = [...keys.values()]
    .filter(({ id }) => used.has(id))
    .map((key) => ({ name: key.name, public: base64Of(key) }));
  const envelope = { payloadType: ROOT_TYPE, payload: Buffer.from(JSON.stringify(document)), signatures: [] };
  openRoot(envelope, name);
  return envelope;
}

function addedKeys({ addRoot = [], addRelease = [], publishers = [] }: RootChange): PublicKey[] {
  return [...addRoot, ...addRelease, ...publishers.map(({ key }) => key)];
}

function roleOf(document: RootDocument, names: string): RootDocument['release'][number] {
  const found = document.release.find((role) => role.names.includes(names));
  if (found) return found;
  const made = { names: [names], keys: [], threshold: 1 };
  document.release.push(made);
  return made;
}

function add(ids: string[], keys: readonly PublicKey[] = []): void {
  for (const { id } of keys) if (!ids.includes(id)) ids.push(id);
}

function takeAway(document: RootDocument, id: string): void {
  for (const role of [document.root, ...document.release]) role.keys = role.keys.filter((each) => each !== id);
}

function revoke(document: RootDocument, what: string, keys: ReadonlyMap<string, PublicKey>, name: string): void {
  const { revoked } = document;
  if (isRevocation(what)) revoked.archives = [...new Set([...revoked.archives, what])];
  else {
    const id = idOf(what, keys, name);
    revoked.keys = [...new Set([...revoked.keys, id])];
    takeAway(document, id);
  }
}

function idOf(nameOrId: string, keys: ReadonlyMap<string, PublicKey>, file: string): string {
  const found = [...keys.values()].filter((key) => key.id === nameOrId || key.name === nameOrId);
  if (found.length === 1) return found[0]!.id;
  throw wrong(
    file,
    found.length > 1
      ? `has ${found.length} keys named ${nameOrId}; name one by its id`
      : `has no key ${nameOrId}, and it is no digest (sha256:...) nor NAME@RANGE`,
  );
}

function wrong(name: string, what: string): RackwattError {
  return new RackwattError('TRUST_INVALID', `${name}: ${what}`);
}
