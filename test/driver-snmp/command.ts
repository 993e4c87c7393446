import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { Command, CommandInput } from 'rackwatt';

const require = createRequire(import.meta.url);
function command(name: string): Command {
  const [first, ...further] = name.split(' ');
  const { default: found } = require(`@rackwatt/driver-snmp/dist/commands/${first}.js`) as { default: Command };
  return further.reduce((outer, inner) => outer.commands![inner]!, found);
}

export interface Ran {
  status: number | void;
  stdout: string;
  stderr: string;
}

/** Runs a command of the driver, or a command of a command: `profile lint`. */
export async function run(
  name: string,
  host: string | string[],
  options: CommandInput['options'],
  signal = new AbortController().signal,
): Promise<Ran> {
  const ran: Ran = { status: 0, stdout: '', stderr: '' };
  const never = async (): Promise<never> => assert.fail('the command must not need a running node');
  ran.status = await command(name).run!({
    arguments: [host].flat(),
    options,
    stdout: { write: (text) => void (ran.stdout += text) },
    stderr: { write: (text) => void (ran.stderr += text) },
    signal,
    home: '.',
    file: 'runtime.config.json',
    call: never,
    configuration: {} as CommandInput['configuration'],
    secrets: { resolve: never },
  });
  return ran;
}

export const hostOf = (address: string): string => address.slice('snmp://'.length);
