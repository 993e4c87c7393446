import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  certificateFingerprint,
  type Enrolment,
  fingerprintOf,
  type OperationsKey,
  type PendingEnrolment,
} from '@rackwatt/fleet';
import { errorMessage } from 'rackwatt';
import { remoteAdminError } from './errors.js';
import { readIfThere, readJson, remove, replace } from './files.js';

const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';

/** What this gateway keeps of its center: one file, so that there is one identity or none. */
interface Kept {
  /** PEM, as it was pinned by its fingerprint. */
  root: string;
  operationsKeys: OperationsKey[];
  /** Until it is approved. */
  pending?: PendingEnrolment;
  /** PEM, of the gateway and of those that issued it. */
  enrolled?: { gateway: string; tenant: string; certificate: string; chain: string[] };
}

/** Who this gateway is to its center: a key born here, and the certificate that the center gave for it. */
export class Identity {
  readonly #folder: string;
  #kept: Kept | undefined;
  #key: KeyObject | undefined;

  private constructor(folder: string, kept: Kept | undefined, key: KeyObject | undefined) {
    this.#folder = folder;
    this.#kept = kept;
    this.#key = key;
  }

  /** @throws `REMOTE_ADMIN_KEY`, `REMOTE_ADMIN_STATE` */
  static async open(folder: string): Promise<Identity> {
    return new Identity(folder, await readJson<Kept>(fileOf(folder)), await readKey(keyOf(folder)));
  }

  /** Destroys the key and what was given for it: whoever comes next is another gateway. */
  static async destroy(folder: string): Promise<void> {
    await remove(keyOf(folder));
    await remove(fileOf(folder));
  }

  get root(): string | undefined {
    return this.#kept?.root;
  }

  get operationsKeys(): readonly OperationsKey[] | undefined {
    return this.#kept?.operationsKeys;
  }

  get pending(): PendingEnrolment | undefined {
    return this.#kept?.pending;
  }

  get enrolled(): Kept['enrolled'] {
    return this.#kept?.enrolled;
  }

  /** sha256 of the public key in hex; undefined before there is a key. */
  get fingerprint(): string | undefined {
    return this.#key && fingerprintOf(createPublicKey(this.#key));
  }

  /** What it shows of itself in TLS. */
  get credentials(): { key: string; certificate: string } | undefined {
    const { enrolled } = this;
    if (enrolled === undefined || this.#key === undefined) return undefined;
    // The root is known to the other side.
    const chain = [enrolled.certificate, ...enrolled.chain.slice(0, -1)];
    return { key: exported(this.#key), certificate: chain.map((pem) => pem.trim()).join('\n') };
  }

  /** When the certificate ends, ms since 1970. */
  get validUntil(): number | undefined {
    return this.enrolled && new X509Certificate(this.enrolled.certificate).validToDate.getTime();
  }

  /** The private key, made at first. @throws `REMOTE_ADMIN_KEY` */
  async key(): Promise<KeyObject> {
    if (this.#key === undefined) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      await replace(keyOf(this.#folder), exported(privateKey));
      this.#key = privateKey;
    }
    return this.#key;
  }

  /** @throws `REMOTE_ADMIN_OTHER_CENTER` when what was pinned is another root than the one that is wanted now */
  checkCenter(fingerprint: string): void {
    const { root } = this;
    if (root === undefined) return;
    const pinned = certificateFingerprint(new X509Certificate(root));
    if (pinned === fingerprint) return;
    throw remoteAdminError(
      'REMOTE_ADMIN_OTHER_CENTER',
      `this gateway belongs to the center with the root ${pinned}, and the configuration names ${fingerprint}; if it shall go to another center, end that first with: rackwatt remote-admin forget`,
    );
  }

  async pin(root: string, operationsKeys: OperationsKey[]): Promise<void> {
    await this.#keep({ root, operationsKeys });
  }

  async await(pending: PendingEnrolment): Promise<void> {
    await this.#keep({ ...this.#kept!, pending });
  }

  /** The center gave it up: it is asked anew. */
  async restart(): Promise<void> {
    const { root, operationsKeys } = this.#kept!;
    await this.#keep({ root, operationsKeys });
  }

  /** @throws `ENROLMENT_CERTIFICATE` */
  async enrol({ gateway, tenant, certificate, chain, operationsKeys }: Enrolment): Promise<void> {
    checkCertificate({ gateway, certificate, chain }, createPublicKey(await this.key()), this.#kept!.root);
    const { root } = this.#kept!;
    await this.#keep({ root, operationsKeys, enrolled: { gateway, tenant, certificate, chain } });
  }

  async #keep(kept: Kept): Promise<void> {
    await replace(fileOf(this.#folder), JSON.stringify(kept, null, 2));
    this.#kept = kept;
  }
}

/** @throws `ENROLMENT_CERTIFICATE` */
function checkCertificate(
  { gateway, certificate, chain }: Pick<Enrolment, 'gateway' | 'certificate' | 'chain'>,
  key: KeyObject,
  root: string,
): void {
  const refuse = (why: string, cause?: unknown): Error =>
    remoteAdminError('ENROLMENT_CERTIFICATE', `the certificate that the center gave is not taken: ${why}`, { cause });
  let own: X509Certificate;
  let issuers: X509Certificate[];
  try {
    own = new X509Certificate(certificate);
    issuers = chain.map((pem) => new X509Certificate(pem));
  } catch (error) {
    throw refuse(`it cannot be read (${errorMessage(error)})`, error);
  }
  if (!own.publicKey.equals(key)) throw refuse('it is for another key');
  if (own.ca) throw refuse('it is that of an authority');
  if (own.subject !== `CN=${gateway}`) throw refuse('it is for another gateway');
  if (!(own.keyUsage ?? []).includes(CLIENT_AUTHENTICATION)) throw refuse('it is not one for clients');
  let at = own;
  for (const issuer of issuers) {
    if (!issuer.ca || !at.checkIssued(issuer) || !at.verify(issuer.publicKey))
      throw refuse('those that are said to have issued it did not');
    at = issuer;
  }
  if (!at.raw.equals(new X509Certificate(root).raw)) throw refuse('it does not come from the pinned root');
}

/** @throws `REMOTE_ADMIN_KEY` */
async function readKey(file: string): Promise<KeyObject | undefined> {
  const content = await readIfThere(file);
  if (content === undefined) return undefined;
  const { mode, uid } = await stat(file);
  const own = process.getuid?.() ?? uid;
  if ((mode & 0o077) !== 0 || uid !== own)
    throw remoteAdminError(
      'REMOTE_ADMIN_KEY',
      `the private key ${file} ${uid === own ? 'can be read by others' : 'belongs to somebody else'}; whoever read it can pass for this gateway. Have it revoked at the center, and enrol anew after: rackwatt remote-admin forget`,
    );
  try {
    const key = createPrivateKey(content);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch (error) {
    throw remoteAdminError('REMOTE_ADMIN_KEY', `the private key ${file} is damaged: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  throw remoteAdminError('REMOTE_ADMIN_KEY', `the private key ${file} is none on P-256`);
}

function exported(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function keyOf(folder: string): string {
  return join(folder, 'key.pem');
}

function fileOf(folder: string): string {
  return join(folder, 'identity.json');
}
