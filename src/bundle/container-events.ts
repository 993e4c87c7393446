import { errorMessage, errorRecord } from '../errors.js';
import type { Logger } from '../component/index.js';
import type { ServiceOwner } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import {
  DeliveryQueue,
  Events,
  type BundleEvent,
  type BundleEventType,
  type FrameworkEvent,
  type FrameworkEventType,
  type ListenerOptions,
} from './events.js';
import type { BundleView } from './view.js';

/** Whose listener it is; the container's own when absent. */
export type OwnedListenerOptions = ListenerOptions & { owner?: ServiceOwner };

/**
 * The events of a container: of its bundles, and of itself. What a listener throws is an event ERROR of its bundle; what it throws
 * when it is told of an ERROR is only logged, else it would be told of its own for ever.
 *
 * @typeParam B bundles @typeParam S the container's own, too
 */
export class ContainerEvents<B extends BundleView, S extends BundleView> {
  readonly #bundleEvents: Events<BundleEvent<B>>;
  readonly #frameworkEvents: Events<FrameworkEvent<B | S>>;
  readonly #system: S;
  readonly #bundleOf: (owner: ServiceOwner) => B | undefined;

  constructor(system: S, bundleOf: (owner: ServiceOwner) => B | undefined, log: Logger) {
    this.#system = system;
    this.#bundleOf = bundleOf;
    const queue = new DeliveryQueue();
    this.#frameworkEvents = new Events({
      queue,
      failed: (owner, { type }, error) => {
        if (type !== 'ERROR') this.error(owner, error);
        else log.error({ error: errorRecord(error) }, `a framework listener threw: ${errorMessage(error)}`);
      },
    });
    this.#bundleEvents = new Events({
      queue,
      failed: (owner, _, error) => this.error(owner, error),
      synchronousOnly: ['STARTING', 'STOPPING'],
    });
  }

  onBundleEvent(listener: (event: BundleEvent<B>) => void, options: OwnedListenerOptions = {}): Disposer {
    return this.#bundleEvents.listen(options.owner ?? this.#system, listener, options);
  }

  onFrameworkEvent(listener: (event: FrameworkEvent<B | S>) => void, options: OwnedListenerOptions = {}): Disposer {
    return this.#frameworkEvents.listen(options.owner ?? this.#system, listener, options);
  }

  /** Removes the listeners of a bundle. */
  releaseOwner(owner: ServiceOwner): void {
    this.#bundleEvents.removeOwner(owner);
    this.#frameworkEvents.removeOwner(owner);
  }

  /** Something became of a bundle. */
  bundle(type: BundleEventType, bundle: B): void {
    this.#bundleEvents.fire({ type, bundle, origin: type === 'INSTALLED' ? this.#system : bundle });
  }

  /** Something became of the container. */
  framework(type: FrameworkEventType, message?: string): void {
    this.#frameworkEvents.fire({ type, bundle: this.#system, ...(message === undefined ? {} : { message }) });
  }

  /** Something worth knowing became of a bundle. */
  info(bundle: B, message: string): void {
    this.#frameworkEvents.fire({ type: 'INFO', bundle, message });
  }

  /** @param owner whose fault it is */
  error(owner: ServiceOwner, error: unknown): void {
    const bundle = this.#bundleOf(owner) ?? this.#system;
    this.#frameworkEvents.fire({ type: 'ERROR', bundle, error: errorRecord(error) });
  }
}
