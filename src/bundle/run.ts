import type {
  ComponentDefinition,
  ComponentEngine,
  DeactivationReason,
  Handover,
  InstanceState,
} from '../component/index.js';
import type { ServiceGroup, ServiceOwner, ServiceRegistry, ServiceStage } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import type { ContextHost } from './context.js';
import type { Revision } from './revision.js';

/** One component of a run, as its proof and its views see it. */
export interface RunComponent {
  /** Component name, and that of its configuration: `acme.device~rack1-a`. The same in each revision. */
  readonly label: string;
  readonly state: InstanceState;
  /** Message of the failure of its last activation; undefined once it came up. */
  readonly failed: string | undefined;
  /** Why it is not active, one sentence a reason; empty when it is. */
  why(): string[];
}

export interface StartOptions {
  /** Its services stay on the stage until `ComponentEngine.flip` shows them to all: it has to prove itself first. */
  held: boolean;
  /** What the components of the revision before handed over. */
  inherits?: Handover | undefined;
}

export interface StopOptions {
  reason?: DeactivationReason;
  /** ms that calls under way on its services get, in all; none when it has failed. */
  drain?: number;
  /** Where its components put what they hand over. */
  bequeaths?: Handover | undefined;
}

/**
 * One started revision of a bundle, wherever it runs: its code, its components, its services. Made for one start, and of
 * no use after `stop`.
 *
 * Everything that it registers goes through `services`, a group of the container's registry, whichever side its code
 * is on. So what follows from that (holding, flipping, counting calls, rejecting them) is done by the group.
 */
export interface Run {
  readonly revision: Revision;
  /** Its services in the container's registry, and what it may see of others'. */
  readonly services: ServiceGroup;
  /** Whether it can run beside another revision. Known after `load`; false with an activator, whose acts nobody can hold. */
  readonly stageable: boolean;
  /** Descriptions of its components; empty before `load`. */
  readonly definitions: readonly ComponentDefinition[];
  /** Evaluates its code without starting anything, so that what is wrong with it shows while the old revision serves. */
  load(): Promise<void>;
  /**
   * Starts what was loaded; unless held, its services are shown from the beginning (`registry.flip([services], [])`). Settles when the activator has, and the components have begun to come up.
   * @throws what the activator threw; the caller then stops the run
   */
  start(options: StartOptions): Promise<void>;
  /** Its components now, in no order. */
  components(): readonly RunComponent[];
  /** Called after each change of a component's state, perhaps of another run's, too. */
  onChange(listener: () => void): Disposer;
  /** Asks components that are up what they hand over, while they serve. */
  handOver(bequeaths: Handover): Promise<void>;
  /** Gives components that are up what those before handed over. */
  takeOver(inherits: Handover): Promise<void>;
  /**
   * Ends it: withdraws its services (unless `flip` has), waits for the calls under way, deactivates the components with those
   * that depend on them first, stops the activator, frees the code. Afterwards no call on its services is unsettled, also
   * when it had died before or never started; a second time does nothing. Settles in bounded time.
   * @throws what the activator threw; the run is stopped all the same
   */
  stop(options?: StopOptions): Promise<void>;
}

/** What a run is made from. */
export interface RunParts {
  readonly owner: ServiceOwner;
  /** The container as an activator sees it. */
  readonly container: ContextHost;
  readonly revision: Revision;
  readonly registry: ServiceRegistry;
  readonly components: ComponentEngine;
  /** ms for one activator. */
  readonly patience: number;
  /** Where its group of services is made: `registry.group(owner, stage)`. */
  readonly stage: ServiceStage;
  dataFolder(): string;
  /** Something went wrong that does not end the run: a framework event ERROR of the bundle. */
  error(error: unknown): void;
  /** The run failed by itself: its worker or process is gone or did not answer, or its code threw what nobody caught. `stop` is called then. */
  died(error: unknown): void;
}

export type RunMaker = (parts: RunParts) => Run;
