/** What the process itself has: not looked at, so that looking costs microseconds. */
const BASE: ReadonlySet<string | symbol> = new Set(Reflect.ownKeys(globalThis));

type Entries = Map<string | symbol, unknown>;

function entries(): Entries {
  const found: Entries = new Map();
  for (const key of Reflect.ownKeys(globalThis)) {
    if (BASE.has(key)) continue;
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, key);
    if (!descriptor?.configurable) continue;
    found.set(key, 'value' in descriptor ? (descriptor.value as unknown) : Reflect.get(descriptor, 'get'));
  }
  return found;
}

/**
 * Entries that modules add to `globalThis` while they are evaluated, as babel's regenerator does: one would keep the
 * whole revision. Those of the process itself and those made later are not seen.
 */
export class OwnedGlobals {
  readonly #owned: Entries = new Map();
  #depth = 0;

  /** Evaluates a module, and notes which entries are new or were replaced. */
  watch<T>(run: () => T): T {
    if (this.#depth > 0) return run();
    const before = entries();
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
      for (const [key, value] of entries()) if (before.get(key) !== value) this.#owned.set(key, value);
    }
  }

  labels(): string[] {
    return [...this.#owned.keys()].map((key) => `global ${String(key)}`);
  }

  /** Takes the entries away, but for those that another space has replaced meanwhile. */
  close(): void {
    const now = this.#owned.size > 0 ? entries() : this.#owned;
    for (const [key, value] of this.#owned) if (now.get(key) === value) Reflect.deleteProperty(globalThis, key);
    this.#owned.clear();
  }
}
