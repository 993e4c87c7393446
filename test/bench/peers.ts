import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Measuring } from './process.js';

/** Peers that run on Node, with what has to be there for each. */
const PEERS = { awilix: 'awilix', tsyringe: 'tsyringe', cordis: 'cordis' } as const;

export type Peer = keyof typeof PEERS;

/**
 * The process of a peer, when `PEERBENCH` names an installed copy of peerbench (`npm ci && node node/gen.mjs`) that
 * holds the peer; nothing otherwise.
 */
export function peers(
  names: readonly Peer[],
  script: (peer: Peer) => readonly [file: string, ...args: string[]],
): Measuring[] {
  const folder = process.env['PEERBENCH'];
  if (folder === undefined) return [];
  return names
    .filter((peer) => existsSync(join(folder, 'node_modules', PEERS[peer])))
    .map((subject) => {
      const [file, ...args] = script(subject);
      return { subject, file: join(folder, 'node', file), args, cwd: folder };
    });
}
