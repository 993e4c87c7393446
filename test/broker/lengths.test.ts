import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { prepareLengths as ofBroker } from '@rackwatt/broker/dist/lengths.js';
import { prepareLengths as ofPublisher } from '@rackwatt/publisher-mqtt/dist/lengths.js';
import { writeToStream } from 'mqtt-packet';
import { collectGarbage } from '../support/container.js';

test('packets of many lengths hold no pages of the buffer pool', async () => {
  assert.equal(ofBroker.toString(), ofPublisher.toString());
  await ofBroker();
  const buffers = async (): Promise<number> => {
    await collectGarbage(() => false, 3);
    return process.memoryUsage().arrayBuffers;
  };
  const before = await buffers();
  const nowhere = new Writable({ decodeStrings: false, write: (_chunk, _encoding, done) => done() });
  for (let length = 100; length < 2100; length++) {
    // As between two packets of a node: others take from the pool, too.
    for (let other = 0; other < 3; other++) Buffer.allocUnsafe(30_000);
    const payload = Buffer.alloc(length);
    writeToStream({ cmd: 'publish', topic: 't', qos: 0, dup: false, retain: false, payload }, nowhere);
  }
  const grown = (await buffers()) - before;
  assert.ok(grown < 4 * 2 ** 20, `${grown} bytes more`);
});
