import { contract } from '../registry/contract.js';

/**
 * Something that happened, told by its topic (OSGi Compendium 113, "The Event"). Plain data that nobody can change any more, so
 * that it is the same for every handler, in whichever thread or process.
 */
export interface TopicEvent {
  /** Words of letters, digits, `_` and `-`, separated by slashes, such as `acme/outlet/SWITCHED`; case counts. */
  readonly topic: string;
  /** What filters of handlers compare; `event.topics` is the topic. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * Tells events to the handlers of their topic that are registered at that moment (OSGi Compendium 113). The container provides
 * it to every bundle. Neither method fails for what a handler does.
 *
 * Properties are plain data: texts, numbers, bigints, booleans, null, arrays and objects of them. They are copied.
 */
export interface EventAdmin {
  /**
   * Resolves when the event is on its way. What is posted reaches a handler one by one and in the order in which it was posted.
   * @throws RackwattError `EVENT_TOPIC`, `EVENT_PROPERTIES`
   */
  post(topic: string, properties?: object): Promise<void>;
  /**
   * Resolves when every handler has answered, failed, or was given up for not answering. Handlers are called beside what was
   * posted to them before; from within a handler, too.
   * @throws RackwattError `EVENT_TOPIC`, `EVENT_PROPERTIES`
   */
  send(topic: string, properties?: object): Promise<void>;
}

export const EventAdmin = contract<EventAdmin>('rackwatt/EventAdmin', { major: 1, methods: ['post', 'send'] });

/**
 * Provided by whoever wants to hear of events (OSGi Compendium 113, "Event Handler"). Its service properties say of which:
 *
 * - `event.topics`: a topic, `a/b/*` for all below `a/b`, `*` for all, or a list of those; without it no event comes;
 * - `event.filter`: which of those, in OSGi's syntax over the event's properties, whose keys compare with case;
 * - `event.delivery`: `async.unordered` takes posted events without waiting for the answer to the one before.
 *
 * A handler that does not answer in 10 s, or holds the thread for 1 s, gets no events until a minute after it came to an
 * end: longer work belongs into a queue of its own.
 */
export interface EventHandler {
  handleEvent(event: TopicEvent): void | Promise<void>;
}

export const EventHandler = contract<EventHandler>('rackwatt/EventHandler', { major: 1, methods: ['handleEvent'] });
