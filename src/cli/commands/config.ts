import { basename } from 'node:path';
import { RackwattError } from '../../errors.js';
import type { ConfigurationOutcome } from '../../configuration/contract.js';
import type { GenerationInfo } from '../../configuration/index.js';
import type { Command, CommandInput } from '../contract.js';
import { json, table } from '../output.js';

const TOP = new Set(['$schema', 'id', 'framework', 'bundles', 'configurations']);
const PATH = '<path...>';
const ABOUT_PATH =
  'keys of the document, or a PID and keys of its configuration: `framework storage`, `rackwatt.device~rack1-a interval`';

/** `['rackwatt.device~a', 'interval']` -> `['configurations', 'rackwatt.device~a', 'interval']` */
function pathOf(keys: readonly string[]): (string | number)[] {
  const path = keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  return TOP.has(keys[0] ?? '') ? path : ['configurations', ...path];
}

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document;
  for (const key of path) value = (value as Record<string | number, unknown> | null | undefined)?.[key];
  return value;
}

/** JSON when it is JSON, else the text itself, so that `"10 s"` needs no second pair of quotes. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** Says what is wrong, a line each, as `file:line:column: sentence`. */
export function report(outcome: ConfigurationOutcome, input: Pick<CommandInput, 'stderr' | 'file'>): number {
  for (const { line, column, message } of outcome.problems)
    input.stderr.write(`${basename(input.file)}:${line}:${column}: ${message}\n`);
  return outcome.applied ? 0 : 1;
}

export const config: Command = {
  summary: 'read and change runtime.config.json',
  commands: {
    get: {
      summary: `print the configuration or a part of it; secrets stay references`,
      arguments: '[path...]',
      options: { '--json': 'print JSON (as always)' },
      async run({ arguments: keys, stdout, stderr, configuration }) {
        const { document, text } = await configuration.read();
        if (keys.length === 0) stdout.write(text);
        else {
          const brought = TOP.has(keys[0]!) ? undefined : await configuration.configuration(keys[0]!);
          const value =
            brought?.broughtBy === undefined
              ? valueAt(document, pathOf(keys))
              : valueAt(brought.properties, pathOf(['configurations', ...keys.slice(1)]).slice(1));
          if (brought?.broughtBy !== undefined)
            stderr.write(`${keys[0]} comes from ${brought.broughtBy}, under what runtime.config.json says\n`);
          if (value === undefined)
            throw new RackwattError('CONFIG_NO_VALUE', `runtime.config.json has nothing at ${keys.join(' ')}`);
          stdout.write(json(value));
        }
      },
    },
    list: {
      summary: 'list the configurations in force: those of the file, and those that bundles bring along',
      options: { '--json': 'print JSON', '--filter <filter>': 'only those whose properties match' },
      async run({ options, stdout, configuration }) {
        const { filter } = options;
        const found = await configuration.list(typeof filter === 'string' ? filter : undefined);
        if (options['json']) stdout.write(json(found));
        else
          stdout.write(
            table(
              found.map(({ pid, properties, broughtBy }) => ({
                pid,
                keys: Object.keys(properties ?? {}).length,
                from: broughtBy ?? 'runtime.config.json',
              })),
            ),
          );
      },
    },
    set: {
      summary: `set one value: ${ABOUT_PATH}; the last argument is the value, JSON or text`,
      arguments: PATH,
      async run(input) {
        const keys = input.arguments.slice(0, -1);
        if (keys.length === 0)
          throw new RackwattError(
            'USAGE',
            'config set wants a path and a value: rackwatt config set rackwatt.device~rack1-a interval "5 s"',
          );
        return report(
          await input.configuration.edit([{ path: pathOf(keys), value: parseValue(input.arguments.at(-1)!) }]),
          input,
        );
      },
    },
    delete: {
      summary: 'remove one value',
      arguments: PATH,
      async run(input) {
        const path = pathOf(input.arguments);
        const { document } = await input.configuration.read();
        if (valueAt(document, path) === undefined)
          throw new RackwattError('CONFIG_NO_VALUE', `runtime.config.json has nothing at ${input.arguments.join(' ')}`);
        return report(await input.configuration.edit([{ path }]), input);
      },
    },
    validate: {
      summary: 'check the file against the schemas of its bundles, without applying it',
      options: { '--json': 'print JSON' },
      async run(input) {
        const outcome = await input.configuration.validate([]);
        if (input.options['json']) {
          input.stdout.write(json({ valid: outcome.problems.length === 0, problems: outcome.problems }));
          return outcome.problems.length === 0 ? 0 : 1;
        }
        report(outcome, input);
        if (outcome.problems.length === 0) input.stdout.write('runtime.config.json is valid\n');
        return outcome.problems.length === 0 ? 0 : 1;
      },
    },
    export: {
      summary: 'print the whole configuration as JSON; secrets stay references',
      async run({ stdout, configuration }) {
        stdout.write(json((await configuration.read()).document));
      },
    },
    generations: {
      summary: 'what ran, newest first: what is in force, what is on probation, what was rolled back and why',
      options: { '--json': 'print JSON' },
      async run({ options, stdout, call }) {
        const generations = (await call('config.generations')) as GenerationInfo[];
        if (options['json']) stdout.write(json(generations));
        else
          stdout.write(
            table(
              generations.map(({ number, time, state, runtime, reason, why }) => ({
                number,
                time,
                state,
                runtime,
                reason,
                why: why ?? '',
              })),
            ),
          );
      },
    },
    rollback: {
      summary: 'go back to an earlier generation',
      arguments: '<generation>',
      async run(input) {
        return report(
          (await input.call('config.rollback', { number: Number(input.arguments[0]) })) as ConfigurationOutcome,
          input,
        );
      },
    },
  },
};
