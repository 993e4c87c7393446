import { existsSync } from 'node:fs';
import { join } from 'node:path';
import send from '@fastify/send';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Page } from './contract.js';
import { problem } from './problems.js';
import { sendProblem } from './reply.js';

/** Paths that no page may take. */
const RESERVED = new Set(['api', 'metrics', '']);

/** Bundlers put a digest into these names, so they never change. */
const DIGESTED = /-[\w-]{8,}\.(?:js|css|woff2?|svg|png)$/;

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** Static pages by their first path segment. */
export class Pages {
  readonly #pages = new Map<number, Page>();

  /** @returns why the page is not served, if it is not. */
  add(id: number, page: Page): string | undefined {
    if (RESERVED.has(page.path) || !/^[\w-]+$/.test(page.path)) return `"${page.path}" cannot be the path of a page`;
    this.#pages.set(id, page);
    return undefined;
  }

  remove(id: number): void {
    this.#pages.delete(id);
  }

  get home(): Page | undefined {
    const pages = [...this.#pages.values()];
    return pages.find((page) => page.home) ?? pages[0];
  }

  /** @param path undecoded. @returns the page and the file within it; `file` is undefined for `/console` without its slash. */
  find(path: string): { page: Page; file: string | undefined } | undefined {
    const [, name, rest] = /^\/([\w-]+)(\/.*)?$/.exec(path) ?? [];
    for (const page of this.#pages.values()) if (page.path === name) return { page, file: rest };
    return undefined;
  }
}

/** Sends a file of a page: entity tags, ranges, a precompressed neighbour (`x.js.br`) where the client takes it. */
export async function sendFile(request: FastifyRequest, reply: FastifyReply, page: Page, file: string): Promise<void> {
  const options = {
    root: page.folder,
    dotfiles: 'ignore',
    ...(DIGESTED.test(file) ? { maxAge: '1y', immutable: true } : { cacheControl: false }),
  } as const;
  const [encoding, suffix] = precompressed(request, page, file);
  const target = file.endsWith('/') ? `${file}index.html` : file;
  const result = await send(request.raw, target + suffix, options);
  if (result.type !== 'file') {
    return sendProblem(
      reply,
      problem(404, `The page "${page.title}" has no file ${file}.`, { code: 'HTTP_NOT_FOUND' }),
    );
  }
  if (encoding) {
    const type = send.mime.getType(target) ?? 'application/octet-stream';
    result.headers['content-encoding'] = encoding;
    result.headers['content-type'] =
      type.startsWith('text/') || type.endsWith('javascript') ? `${type}; charset=utf-8` : type;
  }
  for (const key of Object.keys(result.headers)) reply.header(key.toLowerCase(), result.headers[key]);
  reply.header('vary', 'accept-encoding');
  if (!DIGESTED.test(file)) reply.header('cache-control', 'no-cache');
  await reply.code(result.statusCode).send(result.stream);
}

function precompressed(request: FastifyRequest, page: Page, file: string): [string, string] {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  // Only names that a bundler makes: no dots but the extension's, so nothing outside the folder can be asked for.
  if (/^(?:\/[\w-]+)*\/[\w-]+\.(?:js|css|html|svg)$/.test(file)) {
    for (const [encoding, suffix] of ENCODINGS) {
      if (new RegExp(`\\b${encoding}\\b`).test(accepted) && existsSync(join(page.folder, file + suffix)))
        return [encoding, suffix];
    }
  }
  return ['', ''];
}
