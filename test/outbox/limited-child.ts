/** Appends until the disk refuses, then goes on for a while: run by a test under `ulimit -f`. */
import { join } from 'node:path';
import { WorkerOutbox } from '@rackwatt/outbox';
import { logbook, noise, sqlite } from './support.js';

const log = logbook();
const outbox = new WorkerOutbox({ sqlite, path: join(process.argv[2]!, 'outbox.db'), maxBytes: 1 << 30, log });
let kept = 0;
let code = '';
for (let more = 3; more > 0; ) {
  try {
    await outbox.append({ samples: [noise('a', kept + 1, 2000)] });
    kept++;
  } catch (error) {
    ({ code } = error as { code: string });
    more--;
  }
}
console.log(`${code} after ${kept} appends; lines: ${log.lines.length}`);
await outbox.close();
