import { createInterface } from 'node:readline';
import { errorMessage } from 'rackwatt';
import { simulatorError } from './errors.js';
import { type FaultSettings, parseFaults } from './faults.js';

/** An agent that the command runs. */
export interface Listening {
  name: string;
  address: string;
  /** Of a generated PDU. */
  family?: string;
  serial?: string;
  /** Objects of a recording. */
  size?: number;
  /** Puts exactly these faults in force. */
  set(faults: FaultSettings): Promise<void>;
}

export const lineOf = ({ name, address, size }: Listening): string =>
  `serving ${name} at ${address}${size === undefined ? '' : ` (${size} OIDs)`}\n`;

export const jsonOf = (agents: readonly Listening[]): string =>
  `${JSON.stringify(
    agents.map(({ set: _, ...told }) => told),
    null,
    2,
  )}\n`;

/** As `device import` takes it. */
export const csvOf = (agents: readonly Listening[]): string =>
  ['name,address', ...agents.map(({ name, address }) => `${name},${address}`)].map((line) => `${line}\n`).join('');

/**
 * Takes commands from standard input, a line each, one after the other: `fault WHICH NAME[=VALUE]...` puts exactly these faults in
 * force, `heal WHICH` takes all back; WHICH is a name, with `*` for any letters. What is wrong is said, and changes nothing.
 */
export function control(
  agents: readonly Listening[],
  stderr: { write(text: string): void },
  input: NodeJS.ReadableStream = process.stdin,
): { close(): void } {
  const lines = createInterface({ input });
  let turn = Promise.resolve();
  lines.on('line', (line) => {
    turn = turn.then(() => obey(agents, line)).catch((error: unknown) => stderr.write(`${errorMessage(error)}\n`));
  });
  return { close: () => lines.close() };
}

async function obey(agents: readonly Listening[], line: string): Promise<void> {
  const [verb, which, ...faults] = line.trim().split(/\s+/);
  if (!verb) return;
  if ((verb !== 'fault' && verb !== 'heal') || which === undefined || (verb === 'heal') !== (faults.length === 0))
    throw simulatorError(
      'SIMULATOR_OPTION_INVALID',
      `"${line}" is no command: they are "fault WHICH NAME[=VALUE]..." and "heal WHICH".`,
    );
  const settings = parseFaults(faults);
  const pattern = new RegExp(`^${which.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  const chosen = agents.filter(({ name }) => pattern.test(name));
  if (chosen.length === 0) throw simulatorError('SIMULATOR_OPTION_INVALID', `There is no agent "${which}".`);
  await Promise.all(chosen.map(({ set }) => set(settings)));
}
