import { createRequire } from 'node:module';
import { type Command, type CommandInput, type ConfigurationEdit, RackwattError } from 'rackwatt';

const require = createRequire(import.meta.url);
export const device = (require('@rackwatt/acquisition/dist/commands/device.js') as { default: Command }).default;
export const outlet = (require('@rackwatt/acquisition/dist/commands/outlet.js') as { default: Command }).default;

export interface Node {
  configurations?: Record<string, unknown>;
  secrets?: string[];
  refuse?: string;
  /** Answers of the admin socket; without it no node runs. */
  call?: (method: string, parameters: unknown) => unknown;
}

export async function run(command: Command, words: string[], options: CommandInput['options'], node: Node = {}) {
  const edits: ConfigurationEdit[] = [];
  const told = { edits, stdout: '', stderr: '', status: 0 as number | void };
  const [name, ...rest] = words;
  const input = {
    arguments: rest,
    options,
    stdout: { write: (text: string) => void (told.stdout += text) },
    stderr: { write: (text: string) => void (told.stderr += text) },
    signal: new AbortController().signal,
    home: '/',
    file: '/runtime.config.json',
    call: async (method: string, parameters: unknown) => {
      if (!node.call) throw new RackwattError('NODE_NOT_RUNNING', 'No node runs.');
      return node.call(method, parameters);
    },
    configuration: {
      read: async () => ({ text: '', revision: '1', document: { configurations: node.configurations } }),
      secrets: async () => node.secrets ?? [],
      validate: async () => ({ applied: false, problems: [], revision: '1' }),
      edit: async (given: ConfigurationEdit[]) => {
        if (node.refuse)
          return {
            applied: false,
            problems: [{ message: node.refuse, pointer: '', line: 3, column: 7 }],
            revision: '1',
          };
        edits.push(...given);
        return { applied: true, problems: [], revision: '2' };
      },
    },
  } as unknown as CommandInput;
  try {
    told.status = await command.commands![name!]!.run!(input);
  } catch (error) {
    // What it said before it failed.
    throw Object.assign(error as Error, { told });
  }
  return told;
}
