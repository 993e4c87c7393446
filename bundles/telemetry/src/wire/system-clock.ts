import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Clock } from './clock.js';

/** Linux names each boot, and its monotonic counter runs as long; elsewhere a process is a boot of its own. */
function bootId(): string {
  if (process.platform !== 'linux') return randomUUID();
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (unreadable) {
    void unreadable;
    return randomUUID();
  }
}

let boot: string | undefined;

/** A clock on this machine's own counters. */
export function systemClock(): Clock {
  boot ??= bootId();
  return new Clock({ boot, monotonic: () => process.hrtime.bigint(), wall: () => Date.now() });
}
