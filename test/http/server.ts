import { request as httpRequest } from 'node:http';
import type { TestContext } from 'node:test';
import { http } from '@rackwatt/http';
import type { MetricsSource, Page, Route } from '@rackwatt/http/contract';
import type { HealthCheck } from 'rackwatt';
import { activate, FakeSet } from './fakes.js';

export async function startServer(t: TestContext, config: Record<string, unknown> = {}) {
  const routes = new FakeSet<Route>();
  const pages = new FakeSet<Page>();
  const metrics = new FakeSet<MetricsSource>();
  const { service, scope, lines } = await activate<HealthCheck>(t, http, {
    config: { host: '127.0.0.1', port: 0, names: [], allowRemote: false, ...config },
    routes,
    pages,
    metrics,
  });
  const url = String((await service.check()).figures!['url']);
  return { routes, pages, metrics, scope, lines, service, url };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A request as it is written: `fetch` would mend paths and refuse to set Host. */
export function raw(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: hostname, port, path, method: options.method ?? 'GET', headers: options.headers ?? {}, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

export const echo = (path: string, answer: string, more: Partial<Route> = {}): Route => ({
  method: 'GET',
  path,
  summary: answer,
  handle: async ({ params, query, body }) => ({ json: { answer, params, query, body } }),
  ...more,
});
