import { RackwattError } from 'rackwatt';
import type { Row } from './rows.js';

/**
 * The other side's protocol goes here. Settle only when what was sent is safe there: the gateway deletes it then.
 * @param timeout ms
 * @throws RackwattError `ACME_REFUSED`; whatever it throws, the same rows are sent again later
 */
export async function send(url: string, rows: readonly Row[], timeout: number, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  // Cleared when the answer came, unlike that of AbortSignal.timeout, which would keep this revision in memory so long.
  const timer = setTimeout(() => late.abort(), timeout);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
      signal: AbortSignal.any([late.signal, signal]),
    });
    await response.body?.cancel();
    if (!response.ok) throw refused(url, `answered ${response.status}: check the address and its log`);
  } catch (error) {
    if (late.signal.aborted) throw refused(url, `did not answer in ${timeout} ms`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function refused(url: string, what: string): RackwattError {
  return new RackwattError('ACME_REFUSED', `${url} ${what}.`, { context: { url } });
}
