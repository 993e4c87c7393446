import { errorMessage } from '../errors.js';
import { type Filter, parseFilter } from '../registry/index.js';
import type { PropertyValue, ServiceReference } from '../registry/types.js';
import type { TopicEvent } from './contract.js';
import { isTopicPattern } from './topic.js';

/** Which events a handler wants, by its service properties. */
export interface Subscription {
  readonly patterns: readonly string[];
  readonly filter: Filter | undefined;
  /** Whether it takes a posted event only after the one before. */
  readonly ordered: boolean;
  /** What is wrong with the properties, each in words. */
  readonly problems: readonly string[];
}

export function subscriptionOf(reference: ServiceReference): Subscription {
  const problems: string[] = [];
  const given = listOf(reference.property('event.topics'));
  const patterns = [...new Set(given.filter(isTopicPattern))];
  for (const other of given.filter((each) => !isTopicPattern(each)))
    problems.push(
      `no event comes for "${String(other).slice(0, 100)}" in event.topics: it is no topic, nor one with /* at its end`,
    );
  const delivery = listOf(reference.property('event.delivery'));
  const ordered = delivery.includes('async.ordered') || !delivery.includes('async.unordered');
  try {
    const text = reference.property('event.filter') ?? undefined;
    const filter = text === undefined ? undefined : parseFilter(String(text));
    return { patterns, filter, ordered, problems };
  } catch (error) {
    problems.push(`no event comes until its event.filter is mended: ${errorMessage(error)}`);
    return { patterns: [], filter: undefined, ordered, problems };
  }
}

export function wants({ filter }: Subscription, event: TopicEvent): boolean {
  return !filter || filter.matchesCase(event.properties);
}

function listOf(value: PropertyValue | undefined): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
