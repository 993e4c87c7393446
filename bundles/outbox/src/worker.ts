import type Database from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage, RackwattError } from 'rackwatt';
import type { Answer, Failure, Request, WorkerStart } from './protocol.js';
import { Storage } from './storage.js';

const { sqlite, ...start } = workerData as WorkerStart;
const port = parentPort!;
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the host's native package, by path
const SQLite = require(sqlite) as typeof Database;

function failure(error: unknown): Failure {
  if (error instanceof RackwattError) return { code: error.code, message: error.message, context: error.context };
  return { code: 'OUTBOX_WORKER', message: errorMessage(error), context: {} };
}

const post = (answer: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);

const storage = new Storage(SQLite, start, {
  written: (written) => post({ written }),
  notice: (notice) => post({ notice }),
});

port.on('message', (request: Request) => {
  void storage.call(request).then(
    (value) => {
      post({ id: request.id, value });
      // Answers of calls that the closing commit settled are still to be posted.
      if (request.method === 'close') setImmediate(() => port.close());
    },
    (error: unknown) => post({ id: request.id, failure: failure(error) }),
  );
});
