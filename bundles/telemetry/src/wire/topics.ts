import type { BatchClass } from '../outbox.js';
import { wireInvalid } from './errors.js';

/** What a topic of a gateway carries. */
export type TopicKind = BatchClass | 'schema' | 'state' | 'ack';

const PREFIX = 'rackwatt/v1';

/** Last segments of a gateway's topics. */
export const TOPIC_PATHS = {
  live: 'data/live',
  replay: 'data/replay',
  event: 'event',
  schema: 'schema',
  state: 'state',
  ack: 'ack',
} as const satisfies Record<TopicKind, string>;

const KINDS = new Map(Object.entries(TOPIC_PATHS).map(([kind, path]) => [path as string, kind as TopicKind]));

/** A tenant or gateway: no wildcard, no separator, no leading `$` or `.`, at most 64 characters. */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

export type Topics = Readonly<Record<TopicKind, string>>;

/** Topics of one gateway. @throws WIRE_INVALID when a name cannot be part of a topic. */
export function topics(tenant: string, gateway: string): Topics {
  for (const [what, name] of [
    ['tenant', tenant],
    ['gateway', gateway],
  ] as const) {
    if (!NAME.test(name)) {
      throw wireInvalid(
        `the ${what} ${JSON.stringify(name.slice(0, 80))} cannot be part of a topic; use 1 to 64 letters, digits, "-", "_" and "."`,
      );
    }
  }
  const paths = Object.entries(TOPIC_PATHS).map(([kind, path]) => [kind, `${PREFIX}/${tenant}/${gateway}/${path}`]);
  return Object.freeze(Object.fromEntries(paths) as Record<TopicKind, string>);
}

/** Filters that match a kind for all gateways of a tenant, or of all tenants. */
export function topicFilter(kind: TopicKind, tenant = '+'): string {
  if (tenant !== '+' && !NAME.test(tenant)) throw wireInvalid('a tenant cannot be part of a topic');
  return `${PREFIX}/${tenant}/+/${TOPIC_PATHS[kind]}`;
}

/** What a topic says; undefined when it is none of ours. Safe with any text. */
export function parseTopic(topic: string): { tenant: string; gateway: string; kind: TopicKind } | undefined {
  if (topic.length > 256) return undefined;
  const [rackwatt, version, tenant = '', gateway = '', ...path] = topic.split('/');
  const kind = KINDS.get(path.join('/'));
  if (`${rackwatt}/${version}` !== PREFIX || kind === undefined || !NAME.test(tenant) || !NAME.test(gateway))
    return undefined;
  return { tenant, gateway, kind };
}
