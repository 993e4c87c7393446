import type { SnmpCredentials } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { User } from './snmp/usm.js';

const Key = Type.String({ minLength: 8 });

const CredentialsSchema = Type.Object(
  {
    version: Type.Optional(Type.Enum(['1', '2c', '3'])),
    community: Type.Optional(Type.String({ minLength: 1 })),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 32 })),
    authProtocol: Type.Optional(Type.Enum(['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'])),
    authKey: Type.Optional(Key),
    privProtocol: Type.Optional(Type.Enum(['des', 'aes', 'aes256b', 'aes256r'])),
    privKey: Type.Optional(Key),
    context: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

/** How requests are signed: a community, or a user of SNMPv3. */
export type Security = { version: 1 | 2; community: string } | { version: 3; user: User; context: string };

/**
 * Reads credentials from configuration: a community of SNMPv2c as text, or an object.
 * @throws RackwattError `DEVICE_CREDENTIALS_INVALID`; the sentence never holds a secret.
 */
export function parseCredentials(credentials: unknown): Security {
  if (credentials === undefined) return { version: 2, community: 'public' };
  if (typeof credentials === 'string') {
    if (credentials === '') throw invalid('the community is empty');
    return { version: 2, community: credentials };
  }
  if (!Value.Check(CredentialsSchema, credentials)) {
    const [first] = Value.Errors(CredentialsSchema, credentials);
    throw invalid(`${first?.instancePath || '/'} ${first?.message ?? 'does not fit'}`);
  }
  const version = credentials.version ?? (credentials.user === undefined ? '2c' : '3');
  if (version === '3') return userSecurity(credentials);
  const community = credentials.community ?? 'public';
  return { version: version === '1' ? 1 : 2, community };
}

function userSecurity(credentials: Static<typeof CredentialsSchema> & SnmpCredentials): Security {
  const { user: name, authKey, privKey, context = '' } = credentials;
  if (name === undefined) throw invalid('SNMPv3 needs a user');
  if (privKey !== undefined && authKey === undefined)
    throw invalid('a privacy key needs an authentication key as well');
  if (credentials.authProtocol !== undefined && authKey === undefined)
    throw invalid('the authentication protocol has no authKey');
  if (credentials.privProtocol !== undefined && privKey === undefined)
    throw invalid('the privacy protocol has no privKey');
  const user: User = { name };
  if (authKey !== undefined) user.authentication = { protocol: credentials.authProtocol ?? 'sha', password: authKey };
  if (privKey !== undefined) user.privacy = { protocol: credentials.privProtocol ?? 'aes', password: privKey };
  return { version: 3, user, context };
}

function invalid(problem: string): RackwattError {
  return new RackwattError('DEVICE_CREDENTIALS_INVALID', `The SNMP credentials are not usable: ${problem}.`);
}
