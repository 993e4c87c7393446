import type { DeviceTarget, SnmpCredentials } from '@rackwatt/telemetry';
import { type CommandInput, RackwattError } from 'rackwatt';

/** Options by which a command reaches an agent. */
export const TARGET_OPTIONS = {
  '--community <name>': 'community of SNMP v1 and v2c (default: public)',
  '--v1': 'speak SNMP v1',
  '--v3 <user>': 'speak SNMPv3 as this user',
  '--auth-protocol <name>': 'md5, sha, sha224, sha256, sha384 or sha512 (default: sha)',
  '--auth-key <key>': 'authentication key, 8 characters at least',
  '--priv-protocol <name>': 'des, aes, aes256 (Blumenthal) or aes256r (Reeder) (default: aes)',
  '--priv-key <key>': 'privacy key, 8 characters at least',
  '--timeout <ms>': 'milliseconds of one try (default: 1000)',
} as const;

/** Reads host and options of a command. @throws RackwattError `DEVICE_ADDRESS_INVALID`, `DEVICE_CREDENTIALS_INVALID` */
export function targetOf(input: CommandInput): DeviceTarget {
  const host = input.arguments[0]!;
  const address = /^[a-z]+:\/\//.test(host) ? host : `snmp://${bareIpv6(host) ? `[${host}]` : host}`;
  const timeout = text(input, 'timeout');
  if (timeout !== undefined && !/^[1-9]\d{0,5}$/.test(timeout)) {
    throw new RackwattError('DEVICE_ADDRESS_INVALID', `--timeout takes milliseconds, not '${timeout}'.`);
  }
  return {
    address,
    profile: text(input, 'profile') ?? 'auto',
    credentials: credentialsOf(input),
    ...(timeout === undefined ? {} : { timeout: Number(timeout) }),
  };
}

/** Credentials that the options say; community public when they say none. */
export function credentialsOf(input: CommandInput): SnmpCredentials {
  const user = text(input, 'v3');
  if (user === undefined)
    return { version: input.options['v1'] ? '1' : '2c', community: text(input, 'community') ?? 'public' };
  const priv = text(input, 'privProtocol');
  const optional = {
    authProtocol: text(input, 'authProtocol'),
    authKey: text(input, 'authKey'),
    privProtocol: priv === 'aes256' ? 'aes256b' : priv,
    privKey: text(input, 'privKey'),
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { version: '3', user, ...given };
}

function text(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

function bareIpv6(host: string): boolean {
  return !host.startsWith('[') && host.split(':').length > 2;
}
