import 'reflect-metadata';
import { createPublicKey, type KeyObject } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { centerError } from '../errors.js';

const BASIC_CONSTRAINTS = '2.5.29.19';

/**
 * The public key that a request for a certificate (PKCS #10) is about; nothing else of it is of use.
 * @throws `FLEET_CSR` unless it is a key on P-256 and its holder signed the request
 */
export async function requestedKey(pem: string): Promise<KeyObject> {
  let request: x509.Pkcs10CertificateRequest;
  let key: KeyObject;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), type: 'spki', format: 'der' });
  } catch (error) {
    throw refused('is none (PKCS #10 in PEM)', error);
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw refused('has a key that is not on P-256');
  if (asksForAuthority(request)) throw refused('asks to become an authority');
  if (!(await isSigned(request))) throw refused('is not signed by its key');
  // One form of each point, so that one key is never taken for two.
  return createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}

function asksForAuthority(request: x509.Pkcs10CertificateRequest): boolean {
  try {
    const extension = request.getExtension(BASIC_CONSTRAINTS);
    return extension instanceof x509.BasicConstraintsExtension && extension.ca;
  } catch (error) {
    throw refused('has extensions that cannot be read', error);
  }
}

async function isSigned(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch (error) {
    throw refused('has a signature that cannot be checked', error);
  }
}

const refused = (why: string, cause?: unknown) =>
  centerError('FLEET_CSR', `the request for a certificate ${why}`, { cause });
