/**
 * Stands for one revision in memory. Every module scope of the revision refers to it, so that whatever keeps one
 * closure of the revision also keeps the token: a collected token proves that the revision was freed.
 */
export interface RevisionToken {
  readonly label: string;
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
