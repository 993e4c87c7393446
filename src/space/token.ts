/**
 * Stands for one revision in memory. Every module scope of the revision refers to it, so that whatever keeps one
 * closure of the revision also keeps the token: a collected token proves that the revision was freed.
 */
export class RevisionToken {
  readonly label: string;
  /** When its revision was dropped, as ms since 1970. */
  droppedAt: number | undefined;

  constructor(label: string) {
    // In one piece, so that a heap snapshot shows it.
    this.label = Buffer.from(label).toString();
  }
}

/** Class of revision tokens, by which they are found in a heap. */
export const TOKEN_CLASS = 'RevisionToken';
/** Name of the variable that every module scope of a revision has. */
export const TOKEN_VARIABLE = '__revision';

/** A revision that is still in memory. */
export interface LiveRevision {
  label: string;
  /** When it was dropped, as ms since 1970; undefined when it is in use, as contracts are. */
  droppedAt: number | undefined;
}

/** Watches revision tokens, holding none of them. */
export class RevisionTokens {
  readonly #live = new Map<number, { label: string; ref: WeakRef<RevisionToken> }>();
  readonly #registry = new FinalizationRegistry<number>((key) => {
    if (this.#live.delete(key)) this.#collected++;
  });
  #next = 0;
  #collected = 0;

  track(token: RevisionToken): void {
    const key = this.#next++;
    this.#live.set(key, { label: token.label, ref: new WeakRef(token) });
    this.#registry.register(token, key);
  }

  /** Labels of the revisions that are still in memory, oldest first; exact only after a garbage collection. */
  live(): string[] {
    this.#sweep();
    return [...this.#live.values()].map((entry) => entry.label);
  }

  /** The same with the time at which they were dropped. Holds none of them, but until the end of the task. */
  revisions(): LiveRevision[] {
    this.#sweep();
    return [...this.#live.values()].flatMap(({ label, ref }) => {
      const token = ref.deref();
      return token ? [{ label, droppedAt: token.droppedAt }] : [];
    });
  }

  /** How many tracked revisions were freed. */
  get collected(): number {
    this.#sweep();
    return this.#collected;
  }

  #sweep(): void {
    for (const [key, { ref }] of this.#live) {
      if (ref.deref() === undefined && this.#live.delete(key)) this.#collected++;
    }
  }
}
