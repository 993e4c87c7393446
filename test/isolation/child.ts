/** The other side: a worker or a process with a lab. Answers requests about itself, and calls back when asked. */
import { once } from 'node:events';
import { isMainThread, type MessagePort, workerData } from 'node:worker_threads';
import { messagePort, Peer, processPort } from './built.js';
import { Lab } from './lab.js';
import { labService } from './lab-service.js';

const errors: string[] = [];
const port = isMainThread ? processPort(process) : messagePort((workerData as { port: MessagePort }).port);
const peer = new Peer(port, {
  label: 'the test',
  callTimeout: 20_000,
  onError: (error) => void errors.push((error as { code?: string }).code ?? String(error)),
});
const handle = peer.expose(Lab, labService());
let parent: Lab | undefined;
/** Held, so that only the end of this side ends it. */
const using: unknown[] = [];

peer.handle('lab', () => handle);
peer.handle('counts', () => {
  global.gc?.();
  return peer.counts;
});
peer.handle('errors', () => errors.splice(0));
peer.handle('echo', (body) => body);
peer.handle('wait', (_body, { signal }) => once(signal, 'abort').then(() => tellAborted()));
peer.handle('withdraw', () => peer.withdraw(handle));
peer.handle('parent', (other) => void (parent = peer.stub(Lab, other as number)));
peer.handle('ask-parent', async (calls) => {
  const sums = await Promise.all(Array.from({ length: calls as number }, (_, i) => parent!.add(i, 1)));
  return sums.reduce((sum, value) => sum + value, 0);
});
peer.handle('use-parent', async () => {
  const lab = parent!;
  await lab.subscribe(() => 1);
  using.push(lab.count(1e9)[Symbol.asyncIterator]());
  await (using[0] as AsyncIterator<number>).next();
  void lab.untilAborted({ signal: new AbortController().signal }).catch(() => undefined);
});
peer.handle('raw', (message) => port.post(message));
peer.handle('close', (reason) => void setImmediate(() => peer.close(reason as string)));
peer.handle('memory', () => {
  global.gc?.();
  return process.memoryUsage().heapUsed;
});
peer.onTell('note', (body) => peer.tell('noted', body));

function tellAborted(): void {
  peer.tell('aborted');
}
