import 'reflect-metadata';
import { randomBytes, webcrypto, X509Certificate as NodeCertificate } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { certificateFingerprint } from '@rackwatt/fleet';

cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

export interface Validity {
  from?: number;
  to?: number;
}

/** A root with an issuing authority, as a center has them. */
export class TestAuthority {
  readonly #issuingKeys: webcrypto.CryptoKeyPair;
  /** PEM. */
  readonly root: string;
  readonly issuing: string;

  private constructor(issuingKeys: webcrypto.CryptoKeyPair, root: string, issuing: string) {
    this.#issuingKeys = issuingKeys;
    this.root = root;
    this.issuing = issuing;
  }

  /** @param usages of the issuing authority; all when empty */
  static async make(name = 'Test center', usages: string[] = []): Promise<TestAuthority> {
    const [rootKeys, issuingKeys] = [await keyPair(), await keyPair()];
    const [from, to] = [new Date(Date.now() - 4000 * DAY), new Date(Date.now() + 4000 * DAY)];
    const root = await X509CertificateGenerator.createSelfSigned({
      serialNumber: serial(),
      name: `CN=${name} root`,
      notBefore: from,
      notAfter: to,
      keys: rootKeys,
      signingAlgorithm: ALGORITHM,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    const issuing = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject: `CN=${name} issuing`,
      issuer: root.subject,
      notBefore: from,
      notAfter: to,
      publicKey: issuingKeys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        ...(usages.length > 0 ? [new ExtendedKeyUsageExtension(usages, true)] : []),
      ],
    });
    return new TestAuthority(issuingKeys, root.toString('pem'), issuing.toString('pem'));
  }

  get fingerprint(): string {
    return certificateFingerprint(new NodeCertificate(this.root));
  }

  /** @returns PEM of certificate and private key */
  async server(host: string, { from, to }: Validity = {}): Promise<{ certificate: string; key: string }> {
    const keys = await keyPair();
    const isAddress = /^[\d.]+$/.test(host);
    const certificate = await this.#issue(keys.publicKey, `CN=${host}`, [ExtendedKeyUsage.serverAuth], {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      name: { type: isAddress ? 'ip' : 'dns', value: host },
    });
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const key = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
    return { certificate, key };
  }

  /** A certificate for the key of a request. */
  async client(csr: string, gateway: string): Promise<string> {
    const request = new Pkcs10CertificateRequest(csr);
    if (!(await request.verify())) throw new TypeError('the request is not signed by its key');
    const key = await request.publicKey.export(ALGORITHM, ['verify']);
    return this.#issue(key as webcrypto.CryptoKey, `CN=${gateway}`, [ExtendedKeyUsage.clientAuth], {});
  }

  async #issue(
    publicKey: webcrypto.CryptoKey,
    subject: string,
    usages: string[],
    { from, to, name }: Validity & { name?: { type: 'ip' | 'dns'; value: string } },
  ): Promise<string> {
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: new NodeCertificate(this.issuing).subject,
      notBefore: new Date(from ?? Date.now() - 3_600_000),
      notAfter: new Date(to ?? Date.now() + 90 * DAY),
      publicKey,
      signingKey: this.#issuingKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new ExtendedKeyUsageExtension(usages),
        ...(name ? [new SubjectAlternativeNameExtension([name])] : []),
      ],
    });
    return certificate.toString('pem');
  }
}

function keyPair(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

function serial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
