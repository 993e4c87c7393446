import { readFile } from 'node:fs/promises';
import { errorMessage, RackwattError } from '../../errors.js';

/** What npm's own file says about registries. */
export interface Npmrc {
  /** Registry of a package, by its scope or for all. */
  registryFor(name: string): string | undefined;
  /** Token for an address; of the nearest path above it. @throws `REGISTRY_FAILED` */
  tokenFor(url: URL): Promise<string | undefined>;
}

export interface TokenSources {
  environment: Readonly<Record<string, string | undefined>>;
  /** A secret of the node. */
  secret?: ((name: string) => Promise<unknown>) | undefined;
}

const REFERENCE = /^\$\{(secret:)?([A-Za-z0-9._-]+)\}$/;

/** An absent file says nothing. @throws `REGISTRY_FAILED` */
export async function readNpmrc(file: string, sources: TokenSources): Promise<Npmrc> {
  const values = parse(await readText(file));
  return {
    registryFor: (name) =>
      (name.startsWith('@') ? values.get(`${name.split('/')[0]}:registry`) : undefined) ?? values.get('registry'),
    tokenFor: async (url) => {
      for (let path = `//${url.host}${url.pathname}`; path.length > 2; path = path.slice(0, path.lastIndexOf('/'))) {
        const reference = values.get(`${path}/:_authToken`) ?? values.get(`${path}:_authToken`);
        if (reference !== undefined) return tokenOf(reference, `${path}/`, file, sources);
      }
      return undefined;
    },
  };
}

async function tokenOf(text: string, place: string, file: string, sources: TokenSources): Promise<string> {
  const [, secret, name] = REFERENCE.exec(text) ?? [];
  if (name === undefined)
    throw new RackwattError(
      'REGISTRY_FAILED',
      `${file} holds the token of ${place} itself; keep it as a secret (rackwatt secret set npm) and write \${secret:npm}, or \${NAME} for an environment variable of the node`,
    );
  const value = secret === undefined ? sources.environment[name] : await sources.secret?.(name);
  if (typeof value === 'string' && value !== '' && /^[!-~]+$/.test(value)) return value;
  throw new RackwattError(
    'REGISTRY_FAILED',
    `${file} refers to ${text} for the token of ${place}, and there is no such ${secret === undefined ? 'environment variable' : 'secret of one word'}`,
  );
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new RackwattError('REGISTRY_FAILED', `${file} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
}

/** Lines of `key=value`, with comments. */
function parse(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf('=');
    if (at > 0 && !/^\s*[;#]/.test(line))
      values.set(
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1'),
      );
  }
  return values;
}
