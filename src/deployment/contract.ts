import { contract } from '../registry/contract.js';

/** What is to become of what runs, as one transaction: archives, removals and configurations hold together or go back together. */
export interface DeploymentChange {
  /** Shown with the generation; at most 500 characters. */
  reason: string;
  /**
   * Archives of bundles, by absolute path. They are verified first, by the node's own trust; all of them or nothing. A bundle of
   * that name is updated, else it is installed.
   */
  archives?: {
    file: string;
    /** What it must be; `digest` is a sha256 in hex, of the bundle or of its file, with or without `sha256:` before it. */
    expect?: { name?: string; version?: string; digest?: string };
  }[];
  /** Names of bundles to take out of the configuration. What they stored stays. */
  remove?: string[];
  /** By PID, in the place of what the file says; null takes it out of the file. Secrets are references: `{ "$secret": "name" }`. */
  configurations?: Record<string, Record<string, unknown> | null>;
  /** ms for which it is on probation, at least and also when nothing is installed; `framework.probation` for archives, else 0. */
  probation?: number;
}

export interface DeploymentInfo {
  /** Of the change, the same beyond restarts. */
  id: string;
  reason: string;
  /**
   * `accepted`: being checked and applied. `probation`: it runs, and goes back by itself when the node is not well. `committed`: it
   * stays. `rolled-back`: what was before runs. `refused`: nothing was switched. `superseded`: somebody edited the configuration
   * file meanwhile, which counts.
   */
  state: 'accepted' | 'probation' | 'committed' | 'rolled-back' | 'refused' | 'superseded';
  /** Why it did not hold. */
  why?: string;
  /** That it made, or was to make. */
  generation?: number;
}

/** What runs by the configuration; drop-ins are not among it. */
export interface DeployedContent {
  /** In force; undefined before there is one. */
  generation: number | undefined;
  /** `location` is `store:...`, `link:...` or `platform:...`; `digest`, `sha256:...`, is known of what was installed from an archive. */
  bundles: { name: string; version: string; digest?: string; location: string }[];
  /** By PID, as they are written in the file: secrets are references. */
  configurations: Record<string, Record<string, unknown>>;
}

/**
 * Changes of what the node runs, as install transactions: verified, journalled, on probation, taken back by themselves. Whoever holds
 * this service changes the node.
 */
export interface Deployment {
  /**
   * Settles when the change runs (`probation`, `committed`). It goes on when the bundle that asked for it is restarted, replaced or
   * removed by it, or ends: `history` tells then what came of it. A further change ends a probation early: the first is
   * committed when the node is well at that moment, else the further one is refused.
   * @param signal cancels until something is switched. Who calls from a worker or process no longer hears of a change that
   *   was switched already: `history` tells.
   * @throws with nothing changed: `ARCHIVE_...`, `SIGNATURE_...`, `TRUST_...`, `BUNDLE_UNKNOWN` and `BUNDLE_NEEDED` for a removal, `CONFIG_INVALID`,
   *   `CONFIG_NOT_APPLIED` when the node could not run with it and went back, `CONFIG_CHANGED_MEANWHILE`, `CONFIG_WRITE`,
   *   `STORE_WRITE`, `TRANSACTION_RUNNING`, `USAGE`; the reason of the signal
   */
  apply(change: DeploymentChange, signal?: AbortSignal): Promise<DeploymentInfo>;
  /** All changes of what runs, by whomever, newest first: the last hundred, also beyond restarts. */
  history(): Promise<DeploymentInfo[]>;
  /**
   * Takes back, now, a change that is on probation; one that is being applied, when it is. Settles when what was before runs.
   * @throws `ROLLBACK_IMPOSSIBLE` when it is not on probation; `CONFIG_WRITE`, `STORE_WRITE`
   */
  rollBack(id: string, why: string): Promise<DeploymentInfo>;
  current(): Promise<DeployedContent>;
}

export const Deployment = contract<Deployment>('rackwatt/Deployment', {
  major: 1,
  methods: ['apply', 'history', 'rollBack', 'current'],
  timeout: 0,
  capability: 'deployment',
});
