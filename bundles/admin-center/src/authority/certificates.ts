import 'reflect-metadata';
import { createPrivateKey, createPublicKey, randomBytes, webcrypto, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;

const HOUR = 3600_000;
const DAY = 24 * HOUR;
/** ms by which a clock may be behind that of the center and still take a new certificate. */
const EARLIER = HOUR;
const LIFE = { root: 7300 * DAY, issuing: 3650 * DAY, server: 90 * DAY, gateway: 90 * DAY };

const CLIENT = x509.ExtendedKeyUsage.clientAuth;
const { KeyUsageFlags } = x509;

export interface Issued {
  /** PEM. */
  certificate: string;
  /** PKCS #8 in PEM. */
  key: string;
}

/** Whoever signs certificates: its certificate, and its key. */
export interface Issuer {
  certificate: x509.X509Certificate;
  key: webcrypto.CryptoKey;
}

/** Reads what `Issued` has. */
export async function issuerOf({ certificate, key }: Issued): Promise<Issuer> {
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  return {
    certificate: new x509.X509Certificate(certificate),
    key: await webcrypto.subtle.importKey('pkcs8', der, EC, false, ['sign']),
  };
}

export const rootName = (tenant: string): string => `CN=Rackwatt root of ${tenant}`;

/** The root of everything that gateways of a tenant trust in their center. */
export async function makeRoot(tenant: string, now: number): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: rootName(tenant),
    ...lifeOf('root', now),
    keys,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return issued(certificate, keys.privateKey);
}

/** The authority that signs certificates of gateways, and can sign nothing else. */
export async function makeIssuing(tenant: string, root: Issuer, now: number): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=Rackwatt gateways of ${tenant}`,
    issuer: root.certificate.subjectName,
    ...lifeOf('issuing', now),
    publicKey: keys.publicKey,
    signingKey: root.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new x509.ExtendedKeyUsageExtension([CLIENT], true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(root.certificate.publicKey),
    ],
  });
  return issued(certificate, keys.privateKey);
}

/** The certificate of the center's own port. @param names host names and addresses under which gateways reach it */
export async function makeServer(names: readonly string[], root: Issuer, now: number): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: 'CN=Rackwatt administration center',
    issuer: root.certificate.subjectName,
    ...lifeOf('server', now),
    publicKey: keys.publicKey,
    signingKey: root.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(root.certificate.publicKey),
    ],
  });
  return issued(certificate, keys.privateKey);
}

/**
 * The certificate of a gateway. All that is in it is the center's choice, but for the public key.
 * @returns PEM
 */
export async function makeGateway(
  key: KeyObject,
  { tenant, gateway }: { tenant: string; gateway: string },
  issuing: Issuer,
  now: number,
): Promise<string> {
  const spki = key.export({ type: 'spki', format: 'der' });
  const publicKey = await webcrypto.subtle.importKey('spki', spki, EC, true, ['verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=${gateway}`,
    issuer: issuing.certificate.subjectName,
    ...lifeOf('gateway', now),
    publicKey,
    signingKey: issuing.key,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([CLIENT]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: gatewayUri(tenant, gateway) }]),
      await x509.AuthorityKeyIdentifierExtension.create(issuing.certificate.publicKey),
    ],
  });
  return pemOf(certificate);
}

export const gatewayUri = (tenant: string, gateway: string): string => `urn:rackwatt:gateway:${tenant}:${gateway}`;

/** 128 random bits but for the highest two, so that it is positive and never shorter. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function lifeOf(kind: keyof typeof LIFE, now: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - EARLIER), notAfter: new Date(now + LIFE[kind]) };
}

async function issued(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<Issued> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return {
    certificate: pemOf(certificate),
    key: createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
      .export({ type: 'pkcs8', format: 'pem' })
      .toString(),
  };
}

/** With a line break at the end, so that several can be joined. */
function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trim()}\n`;
}

/** Whether a private key belongs to a certificate's public one. */
export function fits(key: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(key).equals(publicKey);
}
