import { Command as Program, CommanderError, Option } from 'commander';
import type { Command, CommandInput } from './contract.js';

/** Makes the input of a command once its arguments are parsed. */
export type InputMaker = (parsed: Pick<CommandInput, 'arguments' | 'options'>) => CommandInput;

/** Turns a command's description into a commander program, sub-commands and all. */
export function attach(
  parent: Program,
  name: string,
  command: Command,
  input: InputMaker,
  done: (status: number) => void,
): void {
  const program = parent
    .command(name)
    .description(command.summary)
    .exitOverride()
    .showHelpAfterError('(--help shows how)');
  for (const [child, description] of Object.entries(command.commands ?? {}))
    attach(program, child, description, input, done);
  if (!command.run) return;
  const run = command.run.bind(command);
  if (command.arguments) program.arguments(command.arguments);
  for (const [flags, about] of Object.entries(command.options ?? {})) program.addOption(option(flags, about));
  program.action(async (...parsed: unknown[]) => {
    const options = parsed.at(-2) as CommandInput['options'];
    const given = (parsed.slice(0, -2) as (string | string[] | undefined)[])
      .flat()
      .filter((value) => value !== undefined);
    done((await run(input({ arguments: given, options }))) ?? 0);
  });
}

function option(
  flags: string,
  about: string | { description: string; default?: string; repeatable?: boolean },
): Option {
  const spec = typeof about === 'string' ? { description: about } : about;
  const made = new Option(flags, spec.description);
  if (spec.default !== undefined) made.default(spec.default);
  if (spec.repeatable) made.argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]);
  return made;
}

export { Program, CommanderError };
