import { createRequire } from 'node:module';
import { keepStackTraces } from '../stack.js';
import { GLOBAL_CLASSES, overlay, wrapBuiltin, wrapClass } from './builtins.js';
import { OwnedChannels } from './channels.js';
import { OwnedFetches, timedSignals } from './fetches.js';
import { OwnedGlobals } from './globals.js';
import { OwnedProcess } from './process.js';
import { OwnedResources } from './resources.js';
import { OwnedTimers } from './timers.js';

const hostRequire = createRequire(import.meta.url);

/**
 * Everything that modules of one space leave running: they get wrapped built-ins and globals, and `close()` ends what
 * was made through them.
 *
 * What goes round them is not seen: `globalThis.setTimeout`, listeners on emitters of the host.
 */
export class OwnedEffects {
  readonly #label: string;
  readonly #resources: OwnedResources;
  readonly #fetches: OwnedFetches;
  readonly #entries = new OwnedGlobals();
  readonly #builtins = new Map<string, object>();
  readonly #globals = new Map<string, unknown>();
  #timers: OwnedTimers | undefined;
  #process: OwnedProcess | undefined;
  #channels: OwnedChannels | undefined;
  readonly #alone: boolean;
  #closed = false;

  /** @param alone nobody else runs in this process */
  constructor(label: string, onError: (error: unknown) => void, alone = false) {
    this.#label = label;
    this.#alone = alone;
    this.#resources = new OwnedResources(label, onError);
    this.#fetches = new OwnedFetches(label, this.#resources);
  }

  /** Names of the globals that a module with this source gets from here instead of from `globalThis`. */
  static globalsIn(source: string): string[] {
    return ALL_GLOBALS.filter((name) => source.includes(name));
  }

  global(name: string): unknown {
    const known = this.#globals.get(name);
    if (known !== undefined) return known;
    const made = this.#makeGlobal(name);
    this.#globals.set(name, made);
    return made;
  }

  #makeGlobal(name: string): unknown {
    if (TIMERS.has(name)) return this.#ownedTimers().functions[name];
    if (name === 'process')
      return (this.#process ??= new OwnedProcess(this.#label, this.#alone, (id) => this.builtin(id))).process;
    if (name === 'fetch') return this.#fetches.fetch;
    if (name === 'AbortSignal') return timedSignals(this.#ownedTimers().functions['setTimeout'] as typeof setTimeout);
    const kind = GLOBAL_CLASSES[name];
    const real = (globalThis as Record<string, unknown>)[name];
    return kind && typeof real === 'function' ? wrapClass(real, kind, this.#resources) : real;
  }

  /** Made late: most modules start none. */
  #ownedTimers(): OwnedTimers {
    if (!this.#timers) {
      this.#timers = new OwnedTimers(this.#label);
      if (this.#closed) this.#timers.close();
    }
    return this.#timers;
  }

  /** The built-in module as the space sees it. @param id without `node:` */
  builtin(id: string): unknown {
    const known = this.#builtins.get(id);
    if (known) return known;
    const made = this.#makeBuiltin(id);
    if (made === undefined) return hostRequire(`node:${id}`);
    this.#builtins.set(id, made);
    return made;
  }

  #makeBuiltin(id: string): object | undefined {
    switch (id) {
      case 'process':
        return this.global('process') as object;
      case 'timers':
        return overlay(hostRequire('node:timers') as object, {
          ...Object.fromEntries(
            Object.entries(this.#ownedTimers().functions).filter(([name]) => name !== 'queueMicrotask'),
          ),
          promises: this.#ownedTimers().promises,
        });
      case 'timers/promises':
        return this.#ownedTimers().promises;
      case 'diagnostics_channel':
        this.#channels ??= new OwnedChannels();
        return this.#channels.module;
      default:
        return wrapBuiltin(id, this.#resources);
    }
  }

  /** Evaluates a module; what it adds to `globalThis` is owned. */
  evaluate<T>(run: () => T): T {
    try {
      return this.#entries.watch(run);
    } finally {
      keepStackTraces();
    }
  }

  /** One label for each effect that is still there. */
  labels(): string[] {
    return [
      ...this.#resources.labels(),
      ...this.#fetches.labels(),
      ...(this.#timers?.labels() ?? []),
      ...(this.#process?.labels() ?? []),
      ...(this.#channels?.labels() ?? []),
      ...this.#entries.labels(),
    ];
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers?.close();
    this.#process?.close();
    this.#channels?.close();
    this.#fetches.close();
    this.#resources.close();
    this.#entries.close();
    this.#builtins.clear();
    this.#globals.clear();
  }
}

const TIMERS: ReadonlySet<string> = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
]);
const ALL_GLOBALS = [...TIMERS, 'process', 'fetch', 'AbortSignal', ...Object.keys(GLOBAL_CLASSES)];
