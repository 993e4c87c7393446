import type { ComponentDefinition, ConfiguredBundle, InstanceConfiguration, Logger } from '../component/index.js';
import type { EventLimits } from '../event/index.js';
import type { RegistryOptions, ServiceRegistry } from '../registry/index.js';
import type { HostModules, RevisionTokens, TransformCache } from '../space/index.js';
import type { Isolation } from './contract.js';
import type { MigrationHost } from './migration.js';
import type { RevisionSource } from './revision.js';
import type { RunMaker } from './run.js';
import type { SharedVersions } from './wirings.js';

export interface FrameworkOptions {
  /** Folder of everything that the container keeps. */
  storage: string;
  /** Whether ids, start levels and start settings of bundles outlast the process, in the storage. */
  remembers?: boolean;
  /** `onFirstInit`: the first `init` forgets what was installed, and removes the data folders (OSGi Core 4.2.2). */
  clean?: 'onFirstInit';
  /** Content of a location, read and verified. */
  find?(location: string): Promise<RevisionSource>;
  /** What `BundleContext.property` gives first. */
  properties?: Readonly<Record<string, string>>;
  /** Level up to which `start` starts bundles; 1 when absent. */
  startLevel?: number;
  /** Modules that the container shares, and their versions by package name. */
  host: HostModules;
  shared: SharedVersions;
  version: string;
  logger(bundle: string, component?: string): Logger;
  /** Configurations in force for a PID. */
  configurations?(
    pid: string,
    definition: ComponentDefinition,
    bundle: ConfiguredBundle,
  ): readonly InstanceConfiguration[];
  defaults?(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
  /** Folder for transformed sources; without it every start transforms anew. */
  transforms?: TransformCache;
  patience?: number;
  /** ms for calls under way on a service that goes. */
  drain?: number;
  /** The configurations behind the migrations of bundles; without it only data are migrated. */
  migration?: MigrationHost;
  /** Makers of the runs that are not in this process; without them every bundle runs in a space. */
  isolation?: Readonly<Record<Exclude<Isolation, 'space'>, RunMaker>>;
  tokens?: RevisionTokens;
  /** How much the Event Admin bears with. */
  events?: Partial<EventLimits>;
  /** The process or thread runs this container for one bundle only, which may end it; the Event Admin is the node's. */
  alone?: boolean;
  /** Makes the service registry, where it is to be another than the usual one. */
  registry?(options: RegistryOptions): ServiceRegistry;
}
