import type { ConfigurationAdmin } from './contract.js';
import { secretValueOf } from './secrets.js';
import type { ConfigurationStore } from './store.js';

/** The store as bundles, commands and pages see it. A store that is not loaded serves commands while no node runs. */
export function configurationAdmin(store: ConfigurationStore): ConfigurationAdmin {
  return {
    read: () => store.read(),
    edit: (edits, options) => store.edit(edits, options),
    async validate(edits) {
      const { problems, warnings, base } = await store.propose(edits);
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
