import { contract } from '../registry/contract.js';

/**
 * A command that a bundle adds to `rackwatt`. The manifest names it and its module
 * (`"rackwatt": { "commands": { "probe": "./dist/commands/probe.js" } }`); the module's default export is a `Command`.
 * It runs in the command's own process, in a module space of the bundle, without a running node.
 */
export interface Command {
  /** One line for `rackwatt --help`. */
  summary: string;
  /** As commander writes it: `<host> [more...]`. */
  arguments?: string;
  /** commander flags to what they mean: `{ '--community <name>': 'community of SNMP v1 and v2c' }`. */
  options?: Record<string, string | { description: string; default?: string; repeatable?: boolean }>;
  /** Sub-commands by name: `device list`. A command has these or `run`. */
  commands?: Record<string, Command>;
  /** @returns the exit status; nothing means 0. A thrown error becomes one sentence on stderr and status 1. */
  run?(input: CommandInput): Promise<number | void>;
}

export interface CommandInput {
  /** Positional arguments in order. */
  arguments: string[];
  /** Options by their camel-case name; `json` is there whenever `--json` was given. */
  options: Record<string, string | boolean | string[] | undefined>;
  stdout: { write(text: string): void };
  stderr: { write(text: string): void };
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  /** Folder of `runtime.config.json`. */
  home: string;
  /** The configuration file itself, whatever `--config` calls it. */
  file: string;
  /** Calls a method of the running node over its admin socket; fails with `NODE_NOT_RUNNING` when there is none. */
  call: (method: string, parameters?: unknown) => Promise<unknown>;
  /** Edits `runtime.config.json`: through the running node when there is one, else the file itself. */
  configuration: import('../configuration/contract.js').ConfigurationAdmin;
  /** Opens secrets of the home for what the command itself sends to a device; never print what it gives. Needs no running node. */
  secrets: import('../configuration/contract.js').SecretResolver;
}

/** A method of the admin socket, contributed by a bundle; property `name`, such as `device.list`. */
export interface AdminMethod {
  call(parameters: unknown): Promise<unknown>;
}

export const AdminMethod = contract<AdminMethod>('rackwatt/AdminMethod', { major: 1, methods: ['call'] });
