import { createRequire } from 'node:module';
import { isMainThread, workerData, type MessagePort } from 'node:worker_threads';
import { errorRecord } from '../../errors.js';
import { messagePort, processPort } from '../port.js';
import { ChildContainer } from './container.js';

/** Where a worker or a process begins that runs one bundle. */
if (isMainThread) {
  const container = new ChildContainer(processPort(process), () => process.exit(0));
  let failed = false;
  const onFault = (error: unknown): void => {
    if (failed) return;
    failed = true;
    container.peer.tell('failed', errorRecord(error));
    // What was told is written by then; the node learns the rest from the exit.
    setImmediate(() => process.exit(1));
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
} else {
  const { port } = workerData as { port: MessagePort };
  // The way to the node is not for the bundle's eyes.
  (createRequire(import.meta.url)('node:worker_threads') as { workerData: unknown }).workerData = undefined;
  new ChildContainer(messagePort(port), () => process.exit(0));
}
