/** Appends for ever with several in flight and says what was acknowledged: killed again and again by a test. */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { WorkerOutbox } from '@rackwatt/outbox';
import { logbook, sample, sqlite } from './support.js';

const outbox = new WorkerOutbox({
  sqlite,
  path: join(process.argv[2]!, 'outbox.db'),
  maxBytes: 1 << 30,
  log: logbook(),
});

async function device(name: string): Promise<never> {
  for (let number = (await outbox.lastNumber(name)) + 1; ; number++) {
    await outbox.append({ samples: [sample(name, number, 50)] });
    writeSync(1, `${name} ${number}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, i) => device(`d${i}`)));
