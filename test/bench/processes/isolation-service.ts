/** The other side of the isolation bench, in a worker or a process: the same service behind each of the subjects. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Bench, type IsolationSubject, loadIsolation, service } from '../isolation-subjects.js';

const subject = (isMainThread ? process.argv[2] : workerData) as IsolationSubject;
const post = (message: unknown): void => {
  if (isMainThread) process.send!(message);
  else parentPort!.postMessage(message);
};

if (subject === 'comlink') {
  const { expose } = await import('comlink');
  const { default: adapt } = await import('comlink/dist/esm/node-adapter.mjs');
  expose(service, adapt(parentPort!));
} else if (subject === 'birpc') {
  const { createBirpc } = await import('birpc');
  const on = (receive: (data: unknown) => void) => void (isMainThread ? process : parentPort!).on('message', receive);
  createBirpc(service, { post, on });
} else {
  const { messagePort, Peer, processPort } = await loadIsolation();
  const peer = new Peer(isMainThread ? processPort(process) : messagePort(parentPort!), { label: 'bench' });
  peer.expose(Bench, service);
}
post([]);
