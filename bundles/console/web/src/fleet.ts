import { computed, signal } from '@preact/signals';
import { racks } from '../../src/api/racks.js';
import { ApiProblem, get, sentence } from './api.js';
import { heard, now } from './clock.js';
import { currentWatts } from './freshness.js';
import type { DeviceList, DeviceView, HealthView, ValueView } from './node.js';

const EVERY = 10_000;
/** While a device waits for its first sample somebody waits for it too. */
const SOON = 2_000;

export const health = signal<HealthView | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
/** Whether this node keeps readings; an administration center need not. */
export const hasStore = signal(true);
/** Undefined before the first answer. */
export const listed = signal<DeviceView[] | undefined>(undefined);

/** Power at inlets as it came live, by device. */
const inlets = signal<ReadonlyMap<string, readonly ValueView[]>>(new Map());

export function takeInlets(values: readonly ValueView[]): void {
  inlets.value = Map.groupBy(values, (value) => value.device);
}

/** Devices with what came live since they were listed. */
export const devices = computed(() =>
  listed.value?.map((device) => withLive(device, inlets.value.get(device.id) ?? [])),
);

export const totals = computed(() => racks(devices.value ?? [], 0));

function withLive(device: DeviceView, values: readonly ValueView[]): DeviceView {
  if (values.length === 0) return device;
  const newest = Math.max(device.lastSample ?? 0, ...values.map((value) => value.time));
  // Untracked time: totals follow samples, not the clock; the list itself is read again every few seconds.
  const power = currentWatts(values, device.interval, now.peek());
  return { ...device, lastSample: newest, ...power };
}

let reading: Promise<void> | undefined;

/** Reads devices and health again, now and then every few seconds while the page is seen. */
export function refresh(): Promise<void> {
  reading ??= read().finally(() => {
    reading = undefined;
  });
  return reading;
}

async function read(): Promise<void> {
  last = Date.now();
  try {
    const [list, state] = await Promise.allSettled([
      hasStore.value ? get<DeviceList>('/devices') : undefined,
      get<HealthView>('/health'),
    ]);
    if (state.status === 'fulfilled') health.value = state.value;
    else if (!hasStore.value) throw state.reason;
    if (list.status === 'rejected') {
      hasStore.value = !(isAbsent(list.reason) && 'admin-center' in (health.value?.checks ?? {}));
      if (hasStore.value) throw list.reason;
    }
    problem.value = undefined;
    if (list.status === 'rejected' || list.value === undefined) return;
    heard(list.value.time);
    listed.value = list.value.devices;
  } catch (error) {
    problem.value = sentence(error);
  }
}

const isAbsent = (error: unknown) => error instanceof ApiProblem && error.code === 'STORE_ABSENT';

let last = 0;

setInterval(() => {
  const waiting = listed.value?.some(({ lastSample, status }) => lastSample === null && status.state !== 'disabled');
  if (!document.hidden && (waiting || Date.now() - last >= EVERY)) void refresh();
}, SOON);
document.addEventListener('visibilitychange', () => document.hidden || void refresh());
