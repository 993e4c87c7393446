import { parseDuration, parseSize, type BundleEntry, type IsolationEntry } from '../configuration/index.js';
import { RackwattError } from '../errors.js';

/** Where a bundle runs outside the node's own thread, and what it may use there. */
export interface IsolationSettings {
  readonly kind: 'worker' | 'process';
  /** Bytes of V8's old generation. */
  readonly heap: number;
  /** Bytes that a process may hold altogether, buffers included; a worker shares the node's memory. */
  readonly memory: number;
  /** ms from its making until its components are asked to come up. */
  readonly startup: number;
  /** ms in which its event loop must turn once. */
  readonly heartbeat: number;
}

const MB = 1024 ** 2;
const HEAP = 256 * MB;
/** What a process needs beside its JavaScript heap: code, stacks, V8 itself. */
const BESIDE_HEAP = 256 * MB;
const LEAST = { heap: 16 * MB, startup: 100, heartbeat: 100 };

/**
 * Fills in what a configuration leaves out.
 * @returns undefined for a bundle that runs in a space
 * @throws `ISOLATION_LIMIT`
 */
export function isolationSettings(bundle: string, entry: BundleEntry['isolation']): IsolationSettings | undefined {
  if (entry === 'space') return undefined;
  const given: IsolationEntry = typeof entry === 'string' ? { kind: entry } : entry;
  const heap = given.heap === undefined ? HEAP : parseSize(given.heap);
  const settings: IsolationSettings = {
    kind: given.kind,
    heap,
    memory: given.memory === undefined ? heap + BESIDE_HEAP : parseSize(given.memory),
    startup: given.startup === undefined ? 10_000 : parseDuration(given.startup),
    heartbeat: given.heartbeat === undefined ? 1_000 : parseDuration(given.heartbeat),
  };
  const wrong = (what: string): RackwattError =>
    new RackwattError('ISOLATION_LIMIT', `isolation of ${bundle}: ${what}`, { context: { failed: bundle } });
  if (settings.heap < LEAST.heap) throw wrong('heap must be at least "16 MB"');
  if (settings.startup < LEAST.startup) throw wrong('startup must be at least "100 ms"');
  if (settings.heartbeat < LEAST.heartbeat) throw wrong('heartbeat must be at least "100 ms"');
  if (settings.memory <= settings.heap) throw wrong('memory must be more than heap, which is part of it');
  return settings;
}
