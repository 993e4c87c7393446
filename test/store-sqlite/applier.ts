/** Applies batches until it is killed, and prints the sequence of each that was durable. */
import { WorkerStore } from '@rackwatt/store-sqlite';
import { batch, entry, optionsFor, sample } from './support.js';

const [folder = '', first = '1'] = process.argv.slice(2);
const store = await WorkerStore.open(optionsFor(folder, { blockRows: 16 }));
await store.describe('gw1', 'e1', [entry(1, 'pdu', { outlets: 40 })]);
let next = Number(first);
const values = Array.from({ length: 41 }, (_, i) => i / 10);

async function lane(): Promise<void> {
  for (;;) {
    const sequence = next++;
    await store.apply([batch(sequence, [sample('pdu', sequence, sequence * 1000, values)])]);
    process.stdout.write(`${sequence}\n`);
  }
}

await Promise.all([lane(), lane(), lane(), lane()]);
