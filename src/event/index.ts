/** Event Admin: events by topic, told to handlers that are services. */
export { EventAdmin, EventHandler, type TopicEvent } from './contract.js';
export { EventDispatcher, type EventDispatcherOptions, type EventSource } from './dispatcher.js';
export type { EventLimits } from './handler.js';
