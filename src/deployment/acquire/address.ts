import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { errorMessage, RackwattError } from '../../errors.js';

/**
 * How near an address is. `special` has no host that anybody may ask for bundles: link-local, where clouds keep their metadata, multicast,
 * "this network", translated addresses.
 */
export type Nearness = 'public' | 'private' | 'loopback' | 'special';

const SUBNETS: Readonly<Record<Exclude<Nearness, 'public'>, readonly [string, number][]>> = {
  loopback: [
    ['127.0.0.0', 8],
    ['::1', 128],
  ],
  special: [
    ['0.0.0.0', 8],
    ['169.254.0.0', 16],
    ['224.0.0.0', 3],
    ['::', 128],
    ['fe80::', 10],
    ['ff00::', 8],
    ['64:ff9b::', 96],
  ],
  private: [
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['fc00::', 7],
  ],
};

const LISTS = Object.entries(SUBNETS).map(([nearness, subnets]) => {
  const list = new BlockList();
  for (const [net, bits] of subnets) list.addSubnet(net, bits, isIP(net) === 6 ? 'ipv6' : 'ipv4');
  return [nearness as Nearness, list] as const;
});

export function nearnessOf(address: string): Nearness {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  return LISTS.find(([, list]) => list.check(address, family))?.[0] ?? 'public';
}

/** A host with the addresses that are connected to, so that a name cannot mean another one a moment later. */
export interface Host {
  addresses: { address: string; family: number }[];
  /** Of its nearest address. */
  nearness: Nearness;
}

/** @throws `DOWNLOAD_FAILED` when the name is not known */
export async function findHost(url: URL): Promise<Host> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  let addresses: Host['addresses'];
  try {
    addresses = isIP(name) ? [{ address: name, family: isIP(name) }] : await lookup(name, { all: true });
  } catch (error) {
    throw new RackwattError('DOWNLOAD_FAILED', `the host ${name} is not found: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  const found = addresses.map(({ address }) => nearnessOf(address));
  const nearness = (['special', 'loopback', 'private'] as const).find((each) => found.includes(each)) ?? 'public';
  return { addresses, nearness };
}
