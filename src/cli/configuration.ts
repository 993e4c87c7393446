import type { ConfigurationAdmin, SecretResolver } from '../configuration/contract.js';
import { RackwattError } from '../errors.js';
import { storageOf, type Home } from './home.js';

type Method = keyof ConfigurationAdmin;

/**
 * The configuration as a command sees it: through the running node, so that a change is applied and its outcome known,
 * or, when none runs, the file itself, checked against the same schemas.
 */
export function commandConfiguration(home: Home): ConfigurationAdmin {
  const call = async (method: Method, given: unknown[]): Promise<unknown> => {
    // What is left out at the end would arrive as null.
    const parameters = given.slice(0, given.findLastIndex((value) => value !== undefined) + 1);
    const { callNode } = await import('../node/admin-socket.js');
    try {
      return await callNode(await storageOf(home.folder, home.file), 'config', { method, parameters });
    } catch (error) {
      if (!(error instanceof RackwattError) || error.code !== 'NODE_NOT_RUNNING') throw error;
    }
    const { withStoppedNode } = await import('../node/index.js');
    return withStoppedNode(home, (admin) =>
      (admin[method] as (...values: unknown[]) => Promise<unknown>)(...parameters),
    );
  };
  const through =
    <M extends Method>(method: M) =>
    (...parameters: Parameters<ConfigurationAdmin[M]>) =>
      call(method, parameters) as ReturnType<ConfigurationAdmin[M]>;
  return {
    configuration: through('configuration'),
    factoryConfiguration: through('factoryConfiguration'),
    list: through('list'),
    update: through('update'),
    updateIfDifferent: through('updateIfDifferent'),
    delete: through('delete'),
    read: through('read'),
    edit: through('edit'),
    validate: through('validate'),
    schemas: through('schemas'),
    secrets: through('secrets'),
    setSecret: through('setSecret'),
    removeSecret: through('removeSecret'),
  };
}

/** The secrets of a home, opened by their owner: the key of the machine lies where the command may read it, or it may not. */
export function commandSecrets(home: Home): SecretResolver {
  return {
    async resolve(values) {
      const { resolveSecrets, SecretStore } = await import('../configuration/index.js');
      const store = new SecretStore(await storageOf(home.folder, home.file));
      return (await resolveSecrets(values, store, 'of the command')).configuration;
    },
  };
}
