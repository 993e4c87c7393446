import { contract } from 'rackwatt';

/** A request as a route sees it: parsed and validated, no server objects. */
export interface RouteRequest {
  params: Record<string, string>;
  query: Record<string, string | string[] | undefined>;
  body: unknown;
  headers: Record<string, string | string[] | undefined>;
  /** Aborts when the client goes away. */
  signal: AbortSignal;
}

/** `json` is serialised; `text` is sent as it is with `type`; `events` are sent as Server-Sent Events as they come. */
export type RouteResponse =
  | { status?: number; json: unknown }
  | { status?: number; text: string | Uint8Array; type: string }
  | { events: AsyncIterable<{ event?: string; id?: string; data: unknown }> };

/** A route under `/api/v1`, or at an absolute path such as `/metrics`. Appears in OpenAPI; gone when its bundle is. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** OpenAPI style, below `/api/v1`: `/devices/{id}`. */
  path: string;
  /** Serve `path` at the root instead of below `/api/v1`. */
  absolute?: boolean;
  summary: string;
  tags?: string[];
  /** JSON Schemas. */
  query?: object;
  body?: object;
  response?: object;
  /** A `RackwattError` becomes problem+json with its code and sentence; its `context.status` is the HTTP status, else 500. */
  handle(request: RouteRequest): Promise<RouteResponse>;
}

export const Route = contract<Route>('rackwatt.http/Route', { major: 1, local: true });

/** Files of a page: served below `/<path>/`; `/` itself redirects to the page with `home`. */
export interface Page {
  /** URL path without slashes, such as `console`. */
  path: string;
  title: string;
  /** Absolute folder of static files with an `index.html`. */
  folder: string;
  home?: boolean;
}

export const Page = contract<Page>('rackwatt.http/Page', { major: 1, local: true });

/** Adds to `/metrics`. Names begin with `rackwatt_`; every sample of a power figure carries the label `level`. */
export interface MetricsSource {
  collect(): Promise<MetricFamily[]>;
}

export interface MetricFamily {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  samples: { labels: Record<string, string>; value: number }[];
}

export const MetricsSource = contract<MetricsSource>('rackwatt.http/MetricsSource', { major: 1, methods: ['collect'] });
