/** Reads a heap snapshot that comes in pieces, and says who holds the revisions it was asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { findHolders } from './holders.js';
import { SnapshotReader } from './snapshot.js';

const reader = new SnapshotReader();
const { labels } = workerData as { labels: string[] };

parentPort?.on('message', (chunk: Uint8Array | null) => {
  if (chunk !== null) return reader.push(chunk);
  parentPort?.postMessage(findHolders(reader.end(), labels));
  parentPort?.close();
});
