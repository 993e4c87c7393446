import type { ConfigurationAdmin } from '../configuration/contract.js';
import { RackwattError } from '../errors.js';
import { storageOf, type Home } from './home.js';

const METHODS = ['read', 'edit', 'validate', 'schemas', 'secrets', 'setSecret', 'removeSecret'] as const;

/**
 * The configuration as a command sees it: through the running node, so that a change is applied and its outcome known,
 * or, when none runs, the file itself, checked against the same schemas.
 */
export function commandConfiguration(home: Home): ConfigurationAdmin {
  const call = async (method: (typeof METHODS)[number], parameters: unknown[]): Promise<unknown> => {
    const { callNode } = await import('../node/admin-socket.js');
    try {
      return await callNode(await storageOf(home.folder, home.file), 'config', { method, parameters });
    } catch (error) {
      if (!(error instanceof RackwattError) || error.code !== 'NODE_NOT_RUNNING') throw error;
    }
    const { withStoppedNode } = await import('../node/index.js');
    return withStoppedNode(home, (admin) =>
      (admin[method] as (...given: unknown[]) => Promise<unknown>)(...parameters),
    );
  };
  return Object.fromEntries(
    METHODS.map((method) => [method, (...parameters: unknown[]) => call(method, parameters)]),
  ) as unknown as ConfigurationAdmin;
}
