import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { type HttpConfiguration, isLoopback } from './configuration.js';
import { type Problem, problem } from './problems.js';

/** On every answer. Pages load nothing from elsewhere and are framed by nobody. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

type Headers = Record<string, string | string[] | undefined>;

/** `[::1]:8080` -> `::1`; undefined when it is no host. */
export function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\s]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}

/**
 * Against DNS rebinding: a page of another site whose name suddenly means this machine still sends that name. Addresses
 * cannot be rebound, so where other machines are allowed any address will do.
 */
export function hostGuard(config: HttpConfiguration): (headers: Headers) => Problem | undefined {
  const names = new Set(config.names.map((name) => name.toLowerCase()));
  if (config.allowRemote) names.add(hostname().toLowerCase());
  const allowed = (host: string) =>
    names.has(host) || isLoopback(host) || (config.allowRemote && (isIP(host) !== 0 || host === config.host));
  return (headers) => {
    const host = hostOf(String(headers['host'] ?? ''));
    if (host !== undefined && allowed(host)) return undefined;
    return problem(421, `This node is not called "${host ?? ''}"; add the name to "names" of rackwatt.http if it is.`, {
      code: 'HTTP_HOST_UNKNOWN',
    });
  };
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Against forged requests: what changes state comes from this origin's own pages, or from no browser at all. */
export function originGuard(method: string, headers: Headers): Problem | undefined {
  if (SAFE.has(method)) return undefined;
  const site = headers['sec-fetch-site'];
  const origin = headers['origin'];
  const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  if (!foreignSite && (origin === undefined || sameHost(String(origin), String(headers['host'] ?? ''))))
    return undefined;
  return problem(403, 'Changes are taken from pages of this node only, not from other sites.', {
    code: 'HTTP_CROSS_ORIGIN',
  });
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host.toLowerCase() === host.toLowerCase().replace(/:(80|443)$/, '');
}
