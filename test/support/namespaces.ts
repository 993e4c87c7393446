import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { needsPeer } from './peers.js';

export interface Site {
  /** What goes in front of a command that is to run at the center, or at the gateway behind the router. */
  center: string[];
  gateway: string[];
  /** The center's address; the gateway sees no other machine. */
  address: string;
  /** Cuts the line between router and center, or mends it. */
  cut(): void;
  mend(): void;
  /** Packets that the router refused to pass on. */
  refused(): number;
}

const CENTER = '203.0.113.2';

/** @returns why network namespaces cannot be made here, or false. */
export function needsNamespaces(): string | false {
  for (const command of ['ip', 'nft']) {
    const missing = needsPeer(command);
    if (missing !== false) return missing;
  }
  return process.getuid?.() === 0 ? false : 'network namespaces are made by root only';
}

/**
 * A center, and a gateway behind a router that translates addresses (NAT) and lets through nothing but connections from
 * the gateway to one port of the center. No name can be looked up.
 */
export function behindNat(t: Pick<TestContext, 'after'>, port: number): Site {
  const id = `rw${process.pid}`;
  const [center, router, gateway] = [`${id}c`, `${id}r`, `${id}g`] as const;
  const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const at = (namespace: string, command: string, ...args: string[]): string =>
    execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' });
  t.after(() => {
    for (const namespace of [center, router, gateway]) ip('netns', 'del', namespace);
  });
  for (const namespace of [center, router, gateway]) {
    ip('netns', 'add', namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  }
  const join = (inner: string, outer: string, address: string, far: string): void => {
    const near = `to-${inner.at(-1)}`;
    ip('link', 'add', 'name', 'eth0', 'netns', inner, 'type', 'veth', 'peer', 'name', near, 'netns', outer);
    ip('-n', inner, 'address', 'add', `${address}/24`, 'dev', 'eth0');
    ip('-n', outer, 'address', 'add', `${far}/24`, 'dev', near);
    ip('-n', inner, 'link', 'set', 'eth0', 'up');
    ip('-n', outer, 'link', 'set', near, 'up');
  };
  join(center, router, CENTER, '203.0.113.1');
  join(gateway, router, '192.168.77.2', '192.168.77.1');
  ip('-n', gateway, 'route', 'add', 'default', 'via', '192.168.77.1');
  at(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
  at(
    router,
    'nft',
    `table ip site {
      chain out { type nat hook postrouting priority srcnat; oifname "to-c" masquerade; }
      chain pass {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "to-g" ip daddr ${CENTER} tcp dport ${port} accept
        counter comment "refused"
      }
    }`,
  );
  return {
    center: ['ip', 'netns', 'exec', center],
    gateway: ['ip', 'netns', 'exec', gateway],
    address: CENTER,
    cut: () => ip('-n', router, 'link', 'set', 'to-c', 'down'),
    mend: () => ip('-n', router, 'link', 'set', 'to-c', 'up'),
    refused: () => Number(/counter packets (\d+)/.exec(at(router, 'nft', 'list', 'table', 'ip', 'site'))?.[1] ?? 0),
  };
}
