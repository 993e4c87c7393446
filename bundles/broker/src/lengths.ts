import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { writeToStream } from 'mqtt-packet';

/** `mqtt-packet` keeps the two bytes of every packet length below this. */
const KEPT_LENGTHS = 16_384;
/** Lengths between which others get their turn. */
const AT_ONCE = 512;
const TOPIC = 't';
const TOPIC_BYTES = 2 + TOPIC.length;

/** What is said where that fails: all goes on, and takes more memory in time. */
export const UNPREPARED = 'the lengths of packets could not be prepared; the node will take more memory in time';

/**
 * Has `mqtt-packet` make the buffers of all lengths at once, side by side. It would make each when a packet first has that
 * length: two bytes that hold 64 KB of Node's buffer pool for good, in the end hundreds of megabytes.
 */
export async function prepareLengths(): Promise<void> {
  const nowhere = new Writable({ decodeStrings: false, write: (_chunk, _encoding, done) => done() });
  const payload = Buffer.alloc(KEPT_LENGTHS);
  for (let length = TOPIC_BYTES; length < KEPT_LENGTHS; length++) {
    const packet = { cmd: 'publish', topic: TOPIC, qos: 0, dup: false, retain: false } as const;
    writeToStream({ ...packet, payload: payload.subarray(0, length - TOPIC_BYTES) }, nowhere);
    if (length % AT_ONCE === 0) await turn();
  }
}
