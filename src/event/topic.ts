import { RackwattError } from '../errors.js';

const TOPIC = /^[\w-]+(?:\/[\w-]+)*$/;
/** Characters. */
const LONGEST = 1_000;

/** @throws RackwattError `EVENT_TOPIC` */
export function checkTopic(topic: unknown): asserts topic is string {
  if (isTopic(topic)) return;
  const shown = typeof topic === 'string' ? `"${topic.slice(0, 100)}"` : `a ${typeof topic}`;
  throw new RackwattError(
    'EVENT_TOPIC',
    `${shown} is no topic of an event; write words of letters, digits, "_" and "-" with slashes between them, such as acme/outlet/SWITCHED`,
    { context: { topic: typeof topic === 'string' ? topic.slice(0, 100) : typeof topic } },
  );
}

function isTopic(topic: unknown): topic is string {
  return typeof topic === 'string' && topic.length <= LONGEST && TOPIC.test(topic);
}

/** Whether a text may stand in `event.topics`: a topic, one that ends in `/*`, or `*`. */
export function isTopicPattern(pattern: unknown): pattern is string {
  return typeof pattern === 'string' && (pattern === '*' || isTopic(pattern.replace(/\/\*$/, '')));
}

/** Whether a pattern matches topics that begin with a prefix, some of them at least. */
export function meetsPrefix(pattern: string, prefix: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.endsWith('/*')) return pattern.startsWith(`${prefix}/`);
  const above = pattern.slice(0, -1);
  return above.startsWith(`${prefix}/`) || `${prefix}/`.startsWith(above);
}

/** Who wants to hear of which topics, found without asking each. */
export class TopicIndex<H> {
  readonly #exact = new Map<string, Set<H>>();
  /** By what stands before the `/*`. */
  readonly #below = new Map<string, Set<H>>();
  readonly #all = new Set<H>();

  add(pattern: string, handler: H): void {
    if (pattern === '*') this.#all.add(handler);
    else {
      const [map, key] = this.#place(pattern);
      let handlers = map.get(key);
      if (!handlers) map.set(key, (handlers = new Set()));
      handlers.add(handler);
    }
  }

  remove(pattern: string, handler: H): void {
    if (pattern === '*') this.#all.delete(handler);
    else {
      const [map, key] = this.#place(pattern);
      const handlers = map.get(key);
      handlers?.delete(handler);
      if (handlers?.size === 0) map.delete(key);
    }
  }

  /** Each once, in no order. */
  matching(topic: string): Set<H> {
    const found = new Set(this.#all);
    const collect = (handlers: Set<H> | undefined): void => {
      if (handlers) for (const handler of handlers) found.add(handler);
    };
    collect(this.#exact.get(topic));
    if (this.#below.size > 0) {
      for (let end = topic.lastIndexOf('/'); end > 0; end = topic.lastIndexOf('/', end - 1))
        collect(this.#below.get(topic.slice(0, end)));
    }
    return found;
  }

  #place(pattern: string): [Map<string, Set<H>>, string] {
    return pattern.endsWith('/*') ? [this.#below, pattern.slice(0, -2)] : [this.#exact, pattern];
  }
}
