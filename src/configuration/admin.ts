import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { errorMessage, RackwattError } from '../errors.js';
import { parseFilter } from '../registry/index.js';
import type { ConfigurationsInForce } from './configurations.js';
import type { Configuration, ConfigurationAdmin, ConfigurationEdit, ConfigurationState } from './contract.js';
import { isKeyed } from './json.js';
import { propertiesOf, withoutOwn } from './properties.js';
import { secretValueOf } from './secrets.js';
import type { ConfigurationStore } from './store.js';
import { factoryPid } from './targeted.js';
import { changedMeanwhile } from './write.js';

/**
 * The store as bundles, commands and pages see it. A store that is not loaded serves commands while no node runs.
 * @param inForce what the node runs; in it are also those that bundles bring along
 */
export function configurationAdmin(store: ConfigurationStore, inForce: ConfigurationsInForce): ConfigurationAdmin {
  const shown = (pid: string): Configuration => {
    const found = inForce.get(pid);
    const factory = factoryPid(pid);
    return {
      pid,
      ...(factory === pid ? {} : { factoryPid: factory }),
      ...(found === undefined ? {} : { properties: structuredClone(found.written) }),
      changeCount: inForce.changeCount(pid),
      ...(found?.broughtBy === undefined ? {} : { broughtBy: found.broughtBy }),
    };
  };
  /** By then those before have come to their end. */
  const unchanged = (pid: string, changeCount: number): string => {
    if (changeCount !== inForce.changeCount(pid)) throw changedMeanwhile(store.file, pid);
    return store.revision;
  };
  const edit = async (
    pid: string,
    edits: readonly ConfigurationEdit[],
    reason: string,
    { changeCount }: ConfigurationState = {},
  ): Promise<void> => {
    const outcome = await store.edit(edits, {
      reason: `${reason} ${pid}`,
      ...(changeCount === undefined ? {} : { revision: () => unchanged(pid, changeCount) }),
    });
    if (outcome.applied) return;
    const [first] = outcome.problems;
    throw new RackwattError(
      outcome.undone ? 'CONFIG_NOT_APPLIED' : 'CONFIG_INVALID',
      `${first?.message ?? `configuration ${pid} was not taken`}; nothing was changed`,
      { context: { pid, problems: outcome.problems } },
    );
  };
  const updateIfDifferent: ConfigurationAdmin['updateIfDifferent'] = async (pid, properties, state) => {
    if (typeof pid !== 'string' || !isKeyed(properties))
      throw new RackwattError('CONFIG_INVALID', `a configuration is an object of properties under a PID, a text`);
    const value = copied(withoutOwn(properties));
    if (isDeepStrictEqual(inForce.get(pid)?.written, value)) return false;
    await edit(pid, [{ path: ['configurations', pid], value }], 'updated', state);
    return true;
  };
  return {
    configuration: async (pid) => shown(pid),
    factoryConfiguration: async (factory, name = randomUUID()) => shown(`${factory}~${name}`),
    async list(filter) {
      const matching = filter === undefined ? undefined : parseFilter(filter);
      return inForce
        .all()
        .map(({ pid }) => shown(pid))
        .filter(
          ({ pid, factoryPid: factory, properties }) =>
            matching?.matches({
              ...propertiesOf(properties ?? {}),
              'service.pid': pid,
              ...(factory === undefined ? {} : { 'service.factoryPid': factory }),
            }) ?? true,
        );
    },
    update: async (pid, properties, state) => void (await updateIfDifferent(pid, properties, state)),
    updateIfDifferent,
    async delete(pid, state) {
      if (!inForce.own().has(pid)) throw unknown(pid, inForce.get(pid)?.broughtBy);
      await edit(pid, [{ path: ['configurations', pid] }], 'deleted', state);
    },
    read: () => store.read(),
    edit: (edits, options) => store.edit(whole(edits, inForce), options),
    async validate(edits) {
      const { problems, warnings, base } = await store.propose(whole(edits, inForce));
      return { applied: false, problems, warnings, revision: base.revision };
    },
    schemas: async () => [...(await store.schemas())],
    secrets: () => store.secrets(),
    setSecret: (name, value) => store.setSecret(name, secretValueOf(value)),
    async removeSecret(name) {
      await store.removeSecret(name);
    },
  };
}

/**
 * Edits that would put a part of a configuration into the file of which a bundle brings the rest: they put all of it there, since
 * what a bundle brings by `default` steps back where the file has the PID.
 */
function whole(edits: readonly ConfigurationEdit[], inForce: ConfigurationsInForce): ConfigurationEdit[] {
  const copiedPids = new Set<string>();
  return edits.flatMap((edit) => {
    const [top, pid] = edit.path;
    if (top !== 'configurations' || typeof pid !== 'string' || copiedPids.has(pid)) return [edit];
    copiedPids.add(pid);
    const brought = inForce.own().has(pid) || edit.path.length === 2 ? undefined : inForce.get(pid);
    if (brought === undefined || brought.policy === 'force') return [edit];
    return [{ path: ['configurations', pid], value: structuredClone(brought.written) }, edit];
  });
}

/** A copy; of what cannot be copied, the thing itself, which the file does not take either. */
function copied(value: Record<string, unknown>): Record<string, unknown> {
  try {
    return structuredClone(value);
  } catch (error) {
    void errorMessage(error);
    return value;
  }
}

function unknown(pid: string, broughtBy: string | undefined): RackwattError {
  const why =
    broughtBy === undefined
      ? 'there is none'
      : `bundle ${broughtBy} brings it; the file can say something else, not take it away`;
  return new RackwattError('CONFIG_UNKNOWN', `configuration ${pid} cannot be deleted from the file: ${why}`, {
    context: { pid },
  });
}
