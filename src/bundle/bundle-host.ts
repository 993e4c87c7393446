import type { ServiceRegistry, ServiceStage } from '../registry/index.js';
import type { Bundle } from './bundle.js';
import type { Isolation } from './contract.js';
import type { BundleEventType } from './events.js';
import type { Migrations } from './migration.js';
import type { Recovery } from './recovery.js';
import type { Revision, RevisionSource } from './revision.js';
import type { Run } from './run.js';
import type { Wirings } from './wirings.js';

/** What a bundle needs of its framework. */
export interface BundleHost {
  readonly registry: ServiceRegistry;
  readonly startLevel: number;
  /** ms for one activator, or for the components of a new revision to become active. */
  readonly patience: number;
  readonly migrations: Migrations;
  /** Told of whatever is asked of a bundle. */
  readonly recovery: Recovery<Bundle>;
  readonly wirings: Wirings;
  fire(type: BundleEventType, bundle: Bundle): void;
  error(bundle: Bundle, error: unknown): void;
  /** Its start level, its start setting or the place of its content changed. */
  changed(bundle: Bundle): void;
  /** It was uninstalled. */
  forget(bundle: Bundle, options: UninstallOptions): void;
  /** Content of a location, read and verified. @throws `BUNDLE_STATE` where the container was not told how */
  find(location: string): Promise<RevisionSource>;
  wire(revisions: readonly Revision[]): Promise<void>;
  makeRun(bundle: Bundle, revision: Revision, isolation: Isolation, stage?: ServiceStage): Run;
  update(changes: readonly Change[]): Promise<void>;
}

export interface UninstallOptions {
  /** Its data folder goes, too; it is kept else, since it may hold what nobody else has. */
  data?: boolean;
}

/** New content for a bundle. */
export interface Change {
  bundle: Bundle;
  source: RevisionSource;
  /** Where it is to run; as before when absent. */
  isolation?: Isolation;
}
