import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errorMessage, errorRecord, type Logger } from 'rackwatt';
import type { HttpConfiguration } from './configuration.js';
import type { RouteRequest } from './contract.js';
import { sendEvents } from './events.js';
import { hostGuard, originGuard, SECURITY_HEADERS } from './guard.js';
import { type Pages, sendFile } from './pages.js';
import { problem, problemOf } from './problems.js';
import { sendJson, sendProblem } from './reply.js';
import { API, type Entry, type RouteTable } from './routes.js';
import type { Traffic } from './traffic.js';
import { invalid } from './validation.js';

const MEGABYTE = 1024 * 1024;

/** Open event streams that one node serves; a browser tab takes one or two. */
const MAX_STREAMS = 500;

declare module 'fastify' {
  interface FastifyRequest {
    /** Route or page that answers, as declared. */
    served: string;
  }
}

/**
 * One catch-all handler in front of a table of routes: fastify parses, limits and answers, but its router cannot
 * forget a route, and ours go with their bundles.
 */
export function createServer(parts: {
  config: HttpConfiguration;
  routes: RouteTable;
  pages: Pages;
  traffic: Traffic;
  log: Logger;
}): FastifyInstance {
  const { config, traffic, log } = parts;
  const checkHost = hostGuard(config);
  const server = fastify({
    bodyLimit: MEGABYTE,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  // Forms of other sites can send text/plain without asking first.
  server.removeContentTypeParser('text/plain');
  server.decorateRequest('served', '');

  server.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    const refused = checkHost(request.headers) ?? originGuard(request.method, request.headers);
    if (refused) await sendProblem(reply, refused);
  });
  server.addHook('onResponse', async (request, reply) => {
    const seconds = reply.elapsedTime / 1000;
    traffic.count(request.method, request.served, reply.statusCode, seconds);
    log.debug({ method: request.method, url: request.url, status: reply.statusCode, seconds }, 'request');
  });
  server.setErrorHandler(async (error, request, reply) => {
    const answer = problemOf(error);
    if (answer.status === 500) log.error({ error: errorRecord(error), url: request.url }, 'a route failed');
    await sendProblem(reply, answer);
  });
  server.setNotFoundHandler((_request, reply) => sendProblem(reply, problem(404, 'There is nothing here.')));
  server.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '*',
    handler: (request, reply) => dispatch(parts, request, reply),
  });
  return server;
}

type Parts = Parameters<typeof createServer>[0];

async function dispatch(parts: Parts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { routes, pages } = parts;
  const path = /^[^?#]*/.exec(request.raw.url ?? '/')![0];
  const match = routes.find(request.method, path);
  if (match && 'entry' in match) {
    request.served = match.entry.path;
    return handle(parts, match.entry, match.params, request, reply);
  }
  if (match) {
    reply.header('allow', match.allow.join(', '));
    return sendProblem(reply, problem(405, `${path} takes ${match.allow.join(', ')}.`, { code: 'HTTP_METHOD' }));
  }
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (reading && path === '/' && pages.home) return redirect(reply, `/${pages.home.path}/`);
  const found = reading ? pages.find(path) : undefined;
  if (!found) {
    const where = path.startsWith(API) ? `; ${API}/openapi.json lists what this node offers now` : '';
    return sendProblem(reply, problem(404, `There is nothing at ${path}${where}.`, { code: 'HTTP_NOT_FOUND' }));
  }
  request.served = `/${found.page.path}`;
  if (found.file === undefined) return redirect(reply, `/${found.page.path}/`);
  return sendFile(request, reply, found.page, found.file);
}

async function redirect(reply: FastifyReply, to: string): Promise<void> {
  await reply.header('cache-control', 'no-store').redirect(to, 302);
}

async function handle(
  { traffic, log }: Parts,
  { route, gone }: Entry,
  params: Record<string, string>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const client = new AbortController();
  reply.raw.once('close', () => client.abort());
  const input: RouteRequest = {
    params,
    query: request.query as RouteRequest['query'],
    body: request.body,
    headers: request.headers,
    signal: AbortSignal.any([client.signal, gone.signal]),
  };
  const wrong = invalid(route, input);
  if (wrong) return sendProblem(reply, wrong);
  const answer = await route.handle(input);
  reply.header('cache-control', 'no-store');
  if ('json' in answer) return sendJson(reply, answer.status ?? 200, answer.json);
  if ('text' in answer) {
    const payload = typeof answer.text === 'string' ? answer.text : Buffer.from(answer.text);
    await reply
      .code(answer.status ?? 200)
      .type(answer.type)
      .send(payload);
    return;
  }
  if (request.method === 'HEAD') {
    await reply.type('text/event-stream').send('');
    return;
  }
  if (traffic.streams >= MAX_STREAMS) return sendProblem(reply, problem(503, 'Too many event streams are open.'));
  traffic.streams++;
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.hijack();
  try {
    await sendEvents(reply.raw, answer.events, input.signal);
  } catch (error) {
    log.warn({ error: errorMessage(error), route: route.path }, 'an event stream failed');
  } finally {
    traffic.streams--;
  }
}
