import { resolve } from 'node:path';
import { errorMessage, RackwattError } from '../errors.js';
import type { Command } from './contract.js';
import { commandBundles, type Home } from './home.js';

/**
 * Commands that bundles add, each evaluated in a module space of its bundle.
 * @param wanted only this one; all when absent, then a bundle that cannot be loaded is left out
 */
export async function bundleCommands(home: Home, wanted: string | undefined): Promise<Map<string, Command>> {
  const commands = new Map<string, Command>();
  const bundles = await commandBundles(home);
  const wanting = bundles.filter(({ manifest }) => wanted === undefined || wanted in manifest.commands);
  if (wanting.length === 0) return commands;
  const { loadModules } = await import('../node/index.js');
  for (const { root, manifest } of wanting) {
    for (const [name, path] of Object.entries(manifest.commands)) {
      if (wanted !== undefined && name !== wanted) continue;
      try {
        const exports = await loadModules(root, manifest, resolve(root, path));
        const command = (exports['default'] ?? exports) as Command;
        if (typeof command.summary !== 'string')
          throw new RackwattError('COMMAND_INVALID', `${path} of ${manifest.name} exports no command as its default`);
        commands.set(name, command);
      } catch (error) {
        if (wanted !== undefined) throw error;
        void errorMessage(error);
      }
    }
  }
  return commands;
}
