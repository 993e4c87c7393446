import type Sqlite from 'better-sqlite3';
import { parentPort, workerData } from 'node:worker_threads';
import { errorMessage, RackwattError } from 'rackwatt';
import { ArtifactRecords } from './artifact-records.js';
import { Audit } from './audit.js';
import { Database } from './database.js';
import { Enrolments } from './enrolments.js';
import { Gateways } from './gateways.js';
import { Orders } from './orders.js';
import type { Answer, Failure, Parts, Request, WorkerStart } from './protocol.js';

const { sqlite, path } = workerData as WorkerStart;
const port = parentPort!;
// eslint-disable-next-line @typescript-eslint/no-require-imports -- the host's native package, by path
const SQLite = require(sqlite) as typeof Sqlite;

let opened: { database: Database; parts: Parts } | undefined;

/** Opened when first used, and tried again by the next call after it failed. */
function open(): Parts {
  if (opened) return opened.parts;
  const database = new Database(SQLite, path);
  const audit = new Audit(database);
  const parts: Parts = {
    artifacts: new ArtifactRecords(database, audit),
    audit,
    enrolments: new Enrolments(database, audit),
    gateways: new Gateways(database, audit),
    orders: new Orders(database, audit),
  };
  opened = { database, parts };
  return parts;
}

function handle(request: Request): unknown {
  if (request.part === 'close') return opened?.database.close();
  const part = open()[request.part];
  const method: unknown = Reflect.get(part, request.method);
  return (method as (...given: unknown[]) => unknown).apply(part, request.arguments);
}

function failure(error: unknown): Failure {
  if (error instanceof RackwattError) return { code: error.code, message: error.message, context: error.context };
  return { code: 'FLEET_STATE', message: errorMessage(error), context: { status: 500 } };
}

function answer(request: Request): Answer {
  try {
    return { id: request.id, value: handle(request) };
  } catch (error) {
    return { id: request.id, failure: failure(error) };
  }
}

port.on('message', (request: Request) => {
  port.postMessage(answer(request));
  if (request.part === 'close') port.close();
});
