import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { errorMessage } from 'rackwatt';

const HEARTBEAT = 15_000;

/** A client that takes nothing for so long has gone or cannot follow; it comes back by itself and starts afresh. */
const PATIENCE = 30_000;

interface Event {
  event?: string;
  id?: string;
  data: unknown;
}

/**
 * Sends events as Server-Sent Events until they end, the client goes, or `signal` aborts. The next event is asked for only
 * when the client took the one before: nothing queues here, and what a slow client misses is for the source to choose.
 * @returns events sent.
 */
export async function sendEvents(
  response: ServerResponse,
  events: AsyncIterable<Event>,
  signal: AbortSignal,
): Promise<number> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 2000\n\n');
  const heartbeat = setInterval(() => void (response.writableNeedDrain || response.write(':\n\n')), HEARTBEAT);
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const iterator = events[Symbol.asyncIterator]();
  const stopped = new Promise<undefined>((resolve) => {
    if (stop.aborted) resolve(undefined);
    else stop.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  let sent = 0;
  try {
    while (!stop.aborted) {
      const next = await Promise.race([iterator.next(), stopped]);
      if (!next || next.done) break;
      sent++;
      if (!response.write(frame(next.value)) && !(await drained(response, stop))) break;
    }
  } finally {
    clearInterval(heartbeat);
    ended.abort();
    // Not awaited: a source that waits for its next event would never answer.
    void Promise.resolve(iterator.return?.()).catch((error: unknown) => void errorMessage(error));
    if (response.writableNeedDrain) response.destroy();
    else response.end();
  }
  return sent;
}

async function drained(response: ServerResponse, stop: AbortSignal): Promise<boolean> {
  try {
    await once(response, 'drain', { signal: AbortSignal.any([stop, AbortSignal.timeout(PATIENCE)]) });
    return true;
  } catch (aborted) {
    void aborted;
    return false;
  }
}

/** A line break in `event` or `id` would begin a field of its own. */
const line = (text: string) => text.replaceAll(/[\r\n\0]/g, ' ');

function frame({ event, id, data }: Event): string {
  // JSON has no raw line breaks, so one data line is enough.
  return `${event === undefined ? '' : `event: ${line(event)}\n`}${id === undefined ? '' : `id: ${line(id)}\n`}data: ${JSON.stringify(data ?? null)}\n\n`;
}
