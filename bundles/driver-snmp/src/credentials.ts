import type { SnmpCredentials } from '@rackwatt/telemetry';
import { AuthProtocols, PrivProtocols, SecurityLevel, type User, Version1, Version2c, Version3 } from 'net-snmp';
import { RackwattError } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

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
export type Security =
  | { version: 1 | 2; code: number; community: string }
  | { version: 3; code: number; user: User; context: string };

/**
 * Reads credentials from configuration: a community of SNMPv2c as text, or an object.
 * @throws RackwattError `DEVICE_CREDENTIALS_INVALID`; the sentence never holds a secret.
 */
export function parseCredentials(credentials: unknown): Security {
  if (credentials === undefined) return { version: 2, code: Version2c, community: 'public' };
  if (typeof credentials === 'string') {
    if (credentials === '') throw invalid('the community is empty');
    return { version: 2, code: Version2c, community: credentials };
  }
  if (!Value.Check(CredentialsSchema, credentials)) {
    const [first] = Value.Errors(CredentialsSchema, credentials);
    throw invalid(`${first?.instancePath || '/'} ${first?.message ?? 'does not fit'}`);
  }
  const version = credentials.version ?? (credentials.user === undefined ? '2c' : '3');
  if (version === '3') return userSecurity(credentials);
  const community = credentials.community ?? 'public';
  return version === '1' ? { version: 1, code: Version1, community } : { version: 2, code: Version2c, community };
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
  const user: User = { name, level: SecurityLevel.noAuthNoPriv };
  if (authKey !== undefined) {
    user.level = SecurityLevel.authNoPriv;
    user.authProtocol = AuthProtocols[credentials.authProtocol ?? 'sha']!;
    user.authKey = authKey;
  }
  if (privKey !== undefined) {
    user.level = SecurityLevel.authPriv;
    user.privProtocol = PrivProtocols[credentials.privProtocol ?? 'aes']!;
    user.privKey = privKey;
  }
  return { version: 3, code: Version3, user, context };
}

function invalid(problem: string): RackwattError {
  return new RackwattError('DEVICE_CREDENTIALS_INVALID', `The SNMP credentials are not usable: ${problem}.`);
}
