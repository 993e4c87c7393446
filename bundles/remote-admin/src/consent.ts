import { join } from 'node:path';
import type { Capability } from '@rackwatt/fleet';
import type { AuditLog } from './audit.js';
import { readJson, remove, replace } from './files.js';

interface Recorded {
  /** What was granted when it was looked at last. */
  granted: readonly Capability[];
}

interface Withdrawn {
  /** What is left. */
  capabilities: readonly Capability[];
}

/**
 * What the administrator of this gateway granted: what the configuration says, less what is being withdrawn. A withdrawal is
 * durable before anything is ended, since taking a change back brings the configuration back that was there before it.
 */
export class Consent {
  readonly #folder: string;
  #configured: readonly Capability[] = [];
  #left: readonly Capability[] | undefined;

  private constructor(folder: string, left: readonly Capability[] | undefined) {
    this.#folder = folder;
    this.#left = left;
  }

  static async open(folder: string): Promise<Consent> {
    return new Consent(folder, (await readJson<Withdrawn>(withdrawalOf(folder)))?.capabilities);
  }

  /** What the center may do. */
  get capabilities(): readonly Capability[] {
    const left = this.#left;
    return left === undefined ? this.#configured : this.#configured.filter((capability) => left.includes(capability));
  }

  /** What the configuration is to say in the end; undefined when no withdrawal is under way. */
  get withdrawal(): readonly Capability[] | undefined {
    return this.#left;
  }

  configure(capabilities: readonly Capability[]): void {
    this.#configured = capabilities;
  }

  /** @param left what is still granted */
  async withdraw(left: readonly Capability[]): Promise<void> {
    const kept = this.#left === undefined ? left : left.filter((capability) => this.#left!.includes(capability));
    this.#left = kept;
    await replace(withdrawalOf(this.#folder), JSON.stringify({ capabilities: kept } satisfies Withdrawn));
  }

  /** The configuration says so now. */
  async settled(): Promise<void> {
    this.#left = undefined;
    await remove(withdrawalOf(this.#folder));
  }

  /** Records what changed since it was looked at last. @param actor who did it, where that is known */
  async record(audit: AuditLog, actor = 'configuration file'): Promise<void> {
    const file = join(this.#folder, 'granted.json');
    const before = (await readJson<Recorded>(file))?.granted ?? [];
    const granted = this.capabilities;
    const added = granted.filter((capability) => !before.includes(capability));
    const gone = before.filter((capability) => !granted.includes(capability));
    if (added.length > 0) await audit.note(actor, 'granted', added.join(', '));
    if (gone.length > 0) await audit.note(actor, 'withdrawn', gone.join(', '));
    if (added.length + gone.length > 0) await replace(file, JSON.stringify({ granted } satisfies Recorded));
  }
}

function withdrawalOf(folder: string): string {
  return join(folder, 'withdrawn.json');
}
