import { RackwattError } from '../errors.js';
import type { TopicEvent } from './contract.js';
import { checkTopic } from './topic.js';

/** Objects inside each other; deeper ones are most likely a circle. */
const DEEPEST = 32;

/**
 * An event of its own: nothing in it is shared with whoever made it, and nobody can change it.
 * @throws RackwattError `EVENT_TOPIC`, `EVENT_PROPERTIES`
 */
export function topicEvent(topic: string, properties: object): TopicEvent {
  checkTopic(topic);
  if (!isPlain(properties)) throw refusal(topic, 'the properties', 'are no plain object');
  const own: Record<string, unknown> = { ...properties, 'event.topics': topic };
  for (const key in own) {
    const value = own[key];
    if (!isScalar(value)) own[key] = copied(value, topic, key, 1);
  }
  return Object.freeze({ topic, properties: Object.freeze(own) });
}

function copied(value: unknown, topic: string, path: string, depth: number): unknown {
  if (isScalar(value)) return value;
  if (typeof value !== 'object') throw refusal(topic, path, `is a ${typeof value}`);
  if (depth > DEEPEST) throw refusal(topic, path, 'is nested too deeply, or in a circle');
  if (Array.isArray(value))
    return Object.freeze(
      Array.from<unknown, unknown>(value, (item, i) => copied(item, topic, `${path}[${i}]`, depth + 1)),
    );
  if (!isPlain(value)) throw refusal(topic, path, 'is an instance of a class');
  const copy: Record<string, unknown> = { ...value };
  for (const key of Object.keys(copy)) copy[key] = copied(copy[key], topic, `${path}.${key}`, depth + 1);
  return Object.freeze(copy);
}

function isScalar(value: unknown): boolean {
  if (value === null) return true;
  const type = typeof value;
  return type !== 'object' && type !== 'function' && type !== 'symbol';
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refusal(topic: string, path: string, what: string): RackwattError {
  return new RackwattError(
    'EVENT_PROPERTIES',
    `event ${topic}: ${path} ${what}; events carry plain data: texts, numbers, booleans, arrays and objects of them`,
    { context: { topic, path } },
  );
}
