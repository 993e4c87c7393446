import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  type X509Certificate,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

/** Certificate and key in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

interface Issued extends Identity {
  certificate: X509Certificate;
}

const keyPair = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
}

const serialNumber = (): string => `4${randomBytes(15).toString('hex').slice(1)}`;

/** An authority as the center has one, which signs whatever a test asks for. */
export class Authority {
  readonly pem: string;
  readonly #certificate: X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.pem = certificate.toString('pem');
  }

  static async create(name: string): Promise<Authority> {
    const keys = await keyPair();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ CN: [name] }],
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + 365 * DAY),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new Authority(certificate, keys);
  }

  server(): Promise<Issued> {
    return this.#issue('broker', ExtendedKeyUsage.serverAuth, 30, [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ]);
  }

  /** @param days until it expires; negative: it has. */
  client(name: string, days = 90): Promise<Issued> {
    return this.#issue(name, ExtendedKeyUsage.clientAuth, days, []);
  }

  async #issue(
    name: string,
    usage: ExtendedKeyUsage,
    days: number,
    more: SubjectAlternativeNameExtension[],
  ): Promise<Issued> {
    const keys = await keyPair();
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      // As text, since a name that begins with # would be taken for bytes.
      subject: new Name([{ CN: [{ utf8String: name }] }]),
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() - 100 * DAY),
      notAfter: new Date(Date.now() + days * DAY),
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...more,
      ],
    });
    return { certificate, cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
  }

  /** The list of revoked certificates as OpenSSL reads it. */
  async revoked(...certificates: Issued[]): Promise<string> {
    const list = await X509CrlGenerator.create({
      issuer: this.#certificate.subject,
      thisUpdate: new Date(Date.now() - DAY),
      nextUpdate: new Date(Date.now() + DAY),
      entries: certificates.map(({ certificate }) => ({
        serialNumber: certificate.serialNumber,
        revocationDate: new Date(Date.now() - 1000),
      })),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#keys.privateKey,
    });
    return list.toString('pem').replaceAll(' CRL-', ' X509 CRL-');
  }
}
