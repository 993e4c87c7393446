import assert from 'node:assert/strict';
import type { TestNode } from './node.js';

/** What the store holds of one device's due numbers. */
export interface Accounting {
  gaps: { from: number; to: number; reason: string }[];
  stored: { ranges: [number, number][]; doubled: number };
}

export function accounting(node: TestNode, device: string): Promise<Accounting> {
  return node.get<Accounting>(`/api/v1/gaps?device=${encodeURIComponent(device)}`);
}

export function highest({ stored }: Accounting): number {
  return Math.max(0, ...stored.ranges.map(([, to]) => to));
}

/** Store ids of the devices that have a sample. */
export async function storedDevices(node: TestNode): Promise<Record<string, string>> {
  const { devices } = await node.get<{ devices: { id: string; device: string; lastSample: number | null }[] }>(
    '/api/v1/devices',
  );
  return Object.fromEntries(
    devices.filter(({ lastSample }) => lastSample !== null).map(({ device, id }) => [device, id]),
  );
}

/**
 * Every due number up to the highest is stored once or in a counted gap, and in one of the two only.
 * @returns how many are in gaps
 */
export function assertAccounted({ gaps, stored }: Accounting, longestGap = Number.POSITIVE_INFINITY): number {
  assert.equal(stored.doubled, 0, 'no number is stored twice');
  const owned = new Set<number>();
  for (const [from, to] of stored.ranges) for (let i = from; i <= to; i++) owned.add(i);
  let missed = 0;
  for (const { from, to, reason } of gaps) {
    assert.ok(to - from + 1 <= longestGap, `a gap of ${to - from + 1} intervals (${reason})`);
    for (let i = from; i <= to; i++) {
      assert.ok(!owned.has(i), `${i} is stored and in a gap`);
      owned.add(i);
      missed++;
    }
  }
  const last = highest({ gaps, stored });
  for (let i = 1; i <= last; i++) assert.ok(owned.has(i), `due number ${i} of ${last} is neither stored nor counted`);
  return missed;
}
