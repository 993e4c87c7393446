import type { Logger } from '../component/types.js';
import { compareReferences, isFound, type ServiceRegistry } from '../registry/index.js';
import type { ServiceEvent, ServiceOwner, ServiceReference } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import { type EventAdmin, EventHandler, type TopicEvent } from './contract.js';
import { topicEvent } from './event.js';
import { type EventLimits, Handler } from './handler.js';
import { wants } from './subscription.js';
import { meetsPrefix, TopicIndex } from './topic.js';
import { Turns } from './turns.js';
import { Watch } from './watch.js';

/** Publishes what happens elsewhere, while a handler may want to hear of it. */
export interface EventSource {
  /** What its topics begin with, such as `rackwatt/framework/BundleEvent`. */
  readonly prefix: string;
  /** Begins; what it gives ends it. */
  begin(publish: (topic: string, properties: object) => void): Disposer;
}

export interface EventDispatcherOptions {
  registry: ServiceRegistry;
  /** The log of a bundle. */
  logger(bundle: string): Logger;
  /** Runs code of a bundle on nobody's behalf but its own. */
  within?(owner: ServiceOwner, run: () => void): void;
  sources?: readonly EventSource[];
  limits?: Partial<EventLimits>;
}

const CONTAINER: ServiceOwner = Object.freeze({ id: 0, name: 'rackwatt' });
const LIMITS: EventLimits = { answer: 10_000, block: 1_000, pause: 60_000, waiting: 10_000 };
/** Topics whose handlers are known by heart. */
const KNOWN = 10_000;

/**
 * The container's Event Admin (OSGi Compendium 113). Handlers are found by an index of topics, and each has a queue of its own, so
 * that one that is slow, throws or never answers holds up neither publishers nor others.
 */
export class EventDispatcher implements EventAdmin {
  readonly #options: EventDispatcherOptions;
  readonly #limits: EventLimits;
  readonly #turns = new Turns();
  readonly #watch: Watch;
  readonly #handlers = new Map<number, Handler>();
  readonly #index = new TopicIndex<Handler>();
  /** By topic, best first; forgotten when a handler comes, changes or goes. */
  readonly #known = new Map<string, readonly Handler[]>();
  readonly #sources: readonly { source: EventSource; wanted: Set<Handler>; stop: Disposer | undefined }[];

  constructor(options: EventDispatcherOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#watch = new Watch(this.#limits.answer);
    this.#sources = (options.sources ?? []).map((source) => ({ source, wanted: new Set(), stop: undefined }));
    options.registry.listen(CONTAINER, (event) => this.#hear(event), { contract: EventHandler });
    this.#findAll();
  }

  // oxlint-disable-next-line typescript/require-await -- what is wrong rejects
  async post(topic: string, properties: object = {}): Promise<void> {
    this.#post(topicEvent(topic, properties));
  }

  async send(topic: string, properties: object = {}): Promise<void> {
    const event = topicEvent(topic, properties);
    const handlers = this.#of(topic).filter(({ subscription }) => wants(subscription, event));
    if (handlers.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    let open = handlers.length;
    const done = (): void => {
      if (--open === 0) resolve();
    };
    this.#turns.soon({
      run: () => {
        for (const handler of handlers) handler.send(event, done);
      },
    });
    await promise;
  }

  /** Handlers that get no events, and why. */
  denied(): { bundle: string; service: number; reason: string }[] {
    return [...this.#handlers.values()].flatMap(({ denied: reason, reference: { id, owner } }) =>
      reason === undefined ? [] : [{ bundle: owner?.name ?? '', service: id, reason }],
    );
  }

  #post(event: TopicEvent): void {
    for (const handler of this.#of(event.topic)) if (wants(handler.subscription, event)) handler.post(event);
  }

  #of(topic: string): readonly Handler[] {
    let handlers = this.#known.get(topic);
    if (handlers) return handlers;
    let found = [...this.#index.matching(topic)];
    if (!found.every(isThere)) {
      // In an update others have taken their place, of which the registry is just telling.
      this.#findAll();
      found = [...this.#index.matching(topic)].filter(isThere);
    }
    handlers = found.sort((a, b) => compareReferences(a.reference, b.reference));
    if (this.#known.size >= KNOWN) this.#known.clear();
    this.#known.set(topic, handlers);
    return handlers;
  }

  #findAll(): void {
    for (const reference of this.#options.registry.references(EventHandler))
      if (!this.#handlers.has(reference.id)) this.#add(reference);
  }

  #hear({ type, reference }: ServiceEvent<EventHandler>): void {
    const known = this.#handlers.get(reference.id);
    if (type === 'UNREGISTERING') {
      if (known) this.#remove(known);
    } else if (!known) this.#add(reference);
    else if (type === 'MODIFIED') {
      this.#forget(known);
      if (known.denied === undefined) known.renew();
      else known.close();
      // One that was denied begins anew.
      this.#put(known.denied === undefined ? known : this.#handler(reference));
      this.#followSources();
    }
  }

  #add(reference: ServiceReference<EventHandler>): void {
    this.#put(this.#handler(reference));
    this.#followSources();
  }

  #handler(reference: ServiceReference<EventHandler>): Handler {
    const { registry, logger, within } = this.#options;
    const owner = reference.owner ?? CONTAINER;
    return new Handler(reference, {
      limits: this.#limits,
      turns: this.#turns,
      watch: this.#watch,
      log: logger(owner.name),
      service: () => {
        const service = registry.get(CONTAINER, reference);
        return service && registry.guarded(reference, EventHandler, service);
      },
      within: within ? (run) => within(owner, run) : (run) => run(),
    });
  }

  #put(handler: Handler): void {
    this.#known.clear();
    this.#handlers.set(handler.reference.id, handler);
    const { patterns } = handler.subscription;
    for (const pattern of patterns) this.#index.add(pattern, handler);
    for (const { source, wanted } of this.#sources)
      if (patterns.some((pattern) => meetsPrefix(pattern, source.prefix))) wanted.add(handler);
  }

  #remove(handler: Handler): void {
    handler.close();
    this.#handlers.delete(handler.reference.id);
    this.#forget(handler);
    this.#followSources();
  }

  #forget(handler: Handler): void {
    this.#known.clear();
    for (const pattern of handler.subscription.patterns) this.#index.remove(pattern, handler);
    for (const { wanted } of this.#sources) wanted.delete(handler);
  }

  /** Begins those that somebody wants now, and ends those that nobody wants any more. */
  #followSources(): void {
    for (const each of this.#sources) {
      if (each.wanted.size > 0)
        each.stop ??= each.source.begin((topic, properties) => this.#post(topicEvent(topic, properties)));
      else {
        void each.stop?.();
        each.stop = undefined;
      }
    }
  }
}

function isThere({ reference }: Handler): boolean {
  return isFound(reference);
}
