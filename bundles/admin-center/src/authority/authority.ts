import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { certificateFingerprint, operationsKeyOf, signOrder, type Authority as Published } from '@rackwatt/fleet';
import { errorMessage } from 'rackwatt';
import { centerError } from '../errors.js';
import {
  fits,
  issuerOf,
  makeGateway,
  makeIssuing,
  makeRoot,
  makeServer,
  rootName,
  type Issued,
  type Issuer,
} from './certificates.js';
import { exists, readPrivate, replace, writeTogether } from './files.js';

const DAY = 24 * 3600_000;
/** Time before its end at which the server's certificate is made anew. */
const RENEWED = 30 * DAY;

/** What the server shows: the chain of its certificate with the root, which a gateway knows by its fingerprint alone. */
export interface ServerIdentity {
  /** PEM. */
  cert: string;
  key: string;
}

/**
 * The keys of a center: the root, the authority that signs certificates of gateways, the certificate of its port, and the operations
 * key that signs orders. None of them can sign an archive.
 */
export class Authority {
  readonly tenant: string;
  /** PEM. */
  readonly rootPem: string;
  readonly issuingPem: string;
  readonly issuing: X509Certificate;
  /** sha256 of the root (DER), in hex. */
  readonly fingerprint: string;
  readonly #folder: string;
  readonly #root: Issuer;
  readonly #issuer: Issuer;
  readonly #operations: KeyObject;

  private constructor(
    folder: string,
    tenant: string,
    texts: { root: string; issuing: string },
    keys: { root: Issuer; issuing: Issuer; operations: KeyObject },
  ) {
    this.#folder = folder;
    this.tenant = tenant;
    this.rootPem = texts.root;
    this.issuingPem = texts.issuing;
    this.issuing = new X509Certificate(texts.issuing);
    this.fingerprint = certificateFingerprint(new X509Certificate(texts.root));
    this.#root = keys.root;
    this.#issuer = keys.issuing;
    this.#operations = keys.operations;
  }

  /**
   * Reads the keys, or makes them where there are none.
   * @param mayMake `false` where gateways are enrolled already, which would not know new keys
   * @throws `FLEET_AUTHORITY`
   */
  static async open(folder: string, tenant: string, mayMake: boolean, now: number): Promise<Authority> {
    if (!(await exists(folder))) {
      if (!mayMake)
        throw centerError(
          'FLEET_AUTHORITY',
          `${folder} is gone, and gateways are enrolled that know its keys; restore it from a backup, or move the center's data folder away to begin anew`,
        );
      await writeTogether(folder, await make(tenant, now));
    }
    const [root, issuing, operations] = await Promise.all([
      readPair(folder, 'root'),
      readPair(folder, 'issuing'),
      readPrivate(join(folder, 'operations.key.pem')),
    ]);
    const certificate = new X509Certificate(root.certificate);
    if (certificate.subject !== rootName(tenant))
      throw centerError(
        'FLEET_AUTHORITY',
        `the keys in ${folder} are of another tenant (${certificate.subject}) than "${tenant}"; a center keeps its tenant`,
      );
    if (!new X509Certificate(issuing.certificate).verify(certificate.publicKey))
      throw centerError(
        'FLEET_AUTHORITY',
        `${folder}: issuing.pem is not signed by root.pem; restore both from a backup`,
      );
    return new Authority(
      folder,
      tenant,
      { root: root.certificate, issuing: issuing.certificate },
      {
        root: await issuerOf(root),
        issuing: await issuerOf(issuing),
        operations: createPrivateKey(operations),
      },
    );
  }

  /** What anybody may know. */
  published(): Published {
    return {
      tenant: this.tenant,
      certificates: [this.issuingPem, this.rootPem],
      operationsKeys: [operationsKeyOf(this.#operations)],
    };
  }

  /** The certificate of the port for these names: the one that there is, or a new one when its time or its names are others. */
  async server(names: readonly string[], now: number): Promise<ServerIdentity> {
    const file = join(this.#folder, 'server.pem');
    const kept = await readPrivate(file).catch((error: unknown) => void errorMessage(error));
    const [certificate, key] = kept?.split(SEPARATOR) ?? [];
    if (certificate !== undefined && key !== undefined && this.#serves(certificate, names, now))
      return { cert: certificate + this.rootPem, key };
    const made = await makeServer(names, this.#root, now);
    await replace(file, made.certificate + SEPARATOR + made.key);
    return { cert: made.certificate + this.rootPem, key: made.key };
  }

  /** A certificate for a broker of these names, signed as that of the port is. */
  async broker(names: readonly string[], now: number): Promise<ServerIdentity> {
    const { certificate, key } = await makeServer(names, this.#root, now);
    return { cert: certificate + this.rootPem, key };
  }

  #serves(pem: string, names: readonly string[], now: number): boolean {
    const certificate = new X509Certificate(pem);
    return (
      certificate.verify(new X509Certificate(this.rootPem).publicKey) &&
      Date.parse(certificate.validTo) - now > RENEWED &&
      names.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name))
    );
  }

  /** @returns PEM */
  certify(key: KeyObject, gateway: string, now: number): Promise<string> {
    return makeGateway(key, { tenant: this.tenant, gateway }, this.#issuer, now);
  }

  /** As a compact JWS by the operations key. */
  sign(order: object): Promise<string> {
    return signOrder(order, this.#operations);
  }
}

/** Between the certificate and the key of the server, which lie in one file so that they always fit. */
const SEPARATOR = '\n# key\n';

async function make(tenant: string, now: number): Promise<Record<string, string>> {
  const root = await makeRoot(tenant, now);
  const issuing = await makeIssuing(tenant, await issuerOf(root), now);
  const operations = generateKeyPairSync('ed25519').privateKey;
  return {
    'root.pem': root.certificate,
    'root.key.pem': root.key,
    'issuing.pem': issuing.certificate,
    'issuing.key.pem': issuing.key,
    'operations.key.pem': operations.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** @throws `FLEET_AUTHORITY` */
async function readPair(folder: string, name: string): Promise<Issued> {
  const [certificate, key] = await Promise.all([
    readPrivate(join(folder, `${name}.pem`)),
    readPrivate(join(folder, `${name}.key.pem`)),
  ]);
  try {
    if (fits(createPrivateKey(key), new X509Certificate(certificate).publicKey)) return { certificate, key };
  } catch (error) {
    throw centerError('FLEET_AUTHORITY', `${folder}: ${name}.pem or its key is damaged; restore them from a backup`, {
      cause: error,
    });
  }
  throw centerError(
    'FLEET_AUTHORITY',
    `${folder}: ${name}.key.pem is not the key of ${name}.pem; restore both from a backup`,
  );
}
