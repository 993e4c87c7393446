import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type Sqlite from 'better-sqlite3';
import { errorRecord } from 'rackwatt';
import { JournalFile } from './file.js';
import type { ErrorData, JournalAnswer, JournalOptions, JournalRequest } from './protocol.js';

const port = parentPort!;
const options = workerData as JournalOptions;
const answer = (message: JournalAnswer): void => port.postMessage(message);

function toData(error: unknown): ErrorData {
  const { code = 'JOURNAL_WRITE_FAILED', message } = errorRecord(error);
  return { code, message, context: {} };
}

try {
  const file = new JournalFile(createRequire(__filename)(options.sqlite) as typeof Sqlite, options);
  port.on('message', (request: JournalRequest) => {
    const { id } = request;
    try {
      if ('close' in request) file.close();
      else file.commit(request.commit);
      answer({ id });
    } catch (error) {
      answer({ id, error: toData(error) });
    }
    if ('close' in request) port.close();
  });
  answer({ opened: file.load() });
} catch (error) {
  answer({ refused: toData(error) });
  port.close();
}
