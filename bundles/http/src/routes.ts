import type { Route } from './contract.js';

export const API = '/api/v1';

export interface Entry {
  readonly route: Route;
  /** Full path in OpenAPI style: `/api/v1/devices/{id}`. */
  readonly path: string;
  /** Aborts when the route goes: ends its event streams. */
  readonly gone: AbortController;
  readonly ranking: number;
  readonly id: number;
}

interface Pattern {
  readonly segments: readonly Segment[];
  readonly entries: Map<string, Entry>;
}

type Segment = { readonly text: string } | { readonly parameter: string };

export type Match = { entry: Entry; params: Record<string, string> } | { allow: string[] } | undefined;

/**
 * Routes that are served now. They come and go with their bundles; of two with one method and path the higher ranked,
 * then the older, serves, and the other when that one goes.
 */
export class RouteTable {
  readonly #entries = new Map<number, Entry>();
  #patterns: Pattern[] | undefined;

  get size(): number {
    return this.#entries.size;
  }

  add(id: number, route: Route, ranking: number): Entry {
    const path = (route.absolute ? '' : API) + route.path;
    const entry = { route, path, gone: new AbortController(), ranking, id };
    this.#entries.set(id, entry);
    this.#patterns = undefined;
    return entry;
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#patterns = undefined;
    entry.gone.abort();
  }

  clear(): void {
    for (const id of this.#entries.keys()) this.remove(id);
  }

  /** Those that serve, by path. */
  *served(): Iterable<Entry> {
    for (const pattern of this.#compiled()) yield* pattern.entries.values();
  }

  /** @param path undecoded, without query. */
  find(method: string, path: string): Match {
    const parts = path.split('/').slice(1);
    const allow = new Set<string>();
    for (const pattern of this.#compiled()) {
      const params = bind(pattern.segments, parts);
      if (!params) continue;
      const entry = pattern.entries.get(method) ?? (method === 'HEAD' ? pattern.entries.get('GET') : undefined);
      if (entry) return { entry, params };
      for (const name of pattern.entries.keys()) allow.add(name);
    }
    return allow.size > 0 ? { allow: [...allow].sort() } : undefined;
  }

  /** Fixed segments before parameters, so that `/devices/preview` wins over `/devices/{id}`. */
  #compiled(): Pattern[] {
    if (this.#patterns) return this.#patterns;
    const patterns = new Map<string, Pattern>();
    const ranked = [...this.#entries.values()].sort((a, b) => b.ranking - a.ranking || a.id - b.id);
    for (const entry of ranked) {
      const segments = entry.path.split('/').slice(1).map(parseSegment);
      const key = segments.map((segment) => ('text' in segment ? segment.text : '{}')).join('/');
      const pattern = patterns.get(key) ?? { segments, entries: new Map<string, Entry>() };
      patterns.set(key, pattern);
      if (!pattern.entries.has(entry.route.method)) pattern.entries.set(entry.route.method, entry);
    }
    const order = (pattern: Pattern) => pattern.segments.map((s) => ('text' in s ? `0${s.text}` : '1')).join('/');
    this.#patterns = [...patterns.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
    return this.#patterns;
  }
}

function parseSegment(text: string): Segment {
  const parameter = /^\{(\w+)\}$/.exec(text)?.[1];
  return parameter === undefined ? { text } : { parameter };
}

function bind(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const value = decode(parts[index]!);
    if (value === undefined || value === '') return undefined;
    if ('parameter' in segment) params[segment.parameter] = value;
    else if (segment.text !== value) return undefined;
  }
  return params;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (malformed) {
    void malformed;
    return undefined;
  }
}
