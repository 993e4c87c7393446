import type { ConfigurationEdit, ConfigurationOutcome, ConfigurationSchema } from './node.js';

/** What the node answered instead of what was asked for, as one sentence. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: unknown;

  constructor(status: number, message: string, code?: string, body?: unknown) {
    super(message);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.body = body;
  }
}

const BASE = '../api/v1';

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${BASE}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch (error) {
    throw new ApiProblem(0, 'The node does not answer. Is it running?', 'UNREACHABLE', error);
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer as T;
  const { detail, code } = (answer ?? {}) as { detail?: string; code?: string };
  throw new ApiProblem(response.status, detail ?? `The node answered ${response.status}.`, code, answer);
}

export const get = <T>(path: string) => call<T>('GET', path);

export const fleetEventsUrl = `${BASE}/fleet/events`;
export const liveUrl = (query: Record<string, string>) => `${BASE}/live?${new URLSearchParams(query)}`;

export async function readConfiguration(): Promise<{
  document: { configurations?: Record<string, object> };
  revision: string;
}> {
  return get('/configuration');
}

export async function schemaOf(pid: string): Promise<ConfigurationSchema | undefined> {
  const { schemas } = await get<{ schemas: ConfigurationSchema[] }>('/configuration/schemas');
  return schemas.find((schema) => schema.pid === pid);
}

/** An edit that does not apply comes back as its outcome too, with the problems in it. */
export async function editConfiguration(edits: ConfigurationEdit[], revision: string): Promise<ConfigurationOutcome> {
  try {
    return await call('PATCH', '/configuration', { edits, revision });
  } catch (error) {
    const outcome = error instanceof ApiProblem ? (error.body as Partial<ConfigurationOutcome> | undefined) : undefined;
    if (Array.isArray(outcome?.problems)) return outcome as ConfigurationOutcome;
    throw error;
  }
}

export const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));
