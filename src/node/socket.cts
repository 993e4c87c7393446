import { createHash } from 'node:crypto';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Path of a node's admin socket. Unix limits it to about 100 bytes, so a deep storage folder gets one in the temporary folder. */
export function socketPath(storage: string): string {
  const path = resolve(storage, 'admin.sock');
  if (Buffer.byteLength(path) < 100) return path;
  return join(tmpdir(), `rackwatt-${createHash('sha256').update(path).digest('hex').slice(0, 16)}.sock`);
}

/** Whether a node serves the socket. */
export function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
