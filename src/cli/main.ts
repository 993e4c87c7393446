import { relaunch, RESTART } from '../deployment/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { bundleCommands } from './bundle-commands.js';
import { commandConfiguration, commandSecrets } from './configuration.js';
import type { Command, CommandInput } from './contract.js';
import { homeOf, storageOf, type Home } from './home.js';
import { attach, CommanderError, Program } from './program.js';
import { VERSION } from '../version.js';

/** The container's own commands, loaded when they are called. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  init: async () => (await import('./commands/init.js')).init,
  start: async () => (await import('./commands/start.js')).start,
  health: async () => (await import('./commands/health.js')).health,
  log: async () => (await import('./commands/log.js')).log,
  bundle: async () => (await import('./commands/bundle.js')).bundle,
  service: async () => (await import('./commands/inspect.js')).service,
  component: async () => (await import('./commands/inspect.js')).component,
  config: async () => (await import('./commands/config.js')).config,
  secret: async () => (await import('./commands/secret.js')).secret,
  runtime: async () => (await import('./commands/runtime.js')).runtime,
  keys: async () => (await import('./commands/keys.js')).keys,
};

/** Runs one command line. A failure is one sentence on stderr and status 1; wrong usage is status 2. */
export async function main(argv: string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  process.exitCode = await run(argv).catch((error: unknown) => {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`rackwatt: ${errorMessage(error)}\n`);
    if (process.env['RACKWATT_STACK'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return 1;
  });
  if (process.exitCode === RESTART) relaunch(argv);
}

async function run(argv: string[]): Promise<number> {
  const { rest, home } = takeHome(argv);
  const program = new Program('rackwatt')
    .description('Rackwatt: a runtime for hot-swappable bundles, and the power monitoring built on it')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(--help shows how)')
    .addHelpText(
      'after',
      '\nEvery command takes --home DIR or --config FILE; without them the working folder is the home.',
    );
  let status = 0;
  const abort = new AbortController();
  const interrupted = (): void => abort.abort();
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  const input = inputMaker(home, abort.signal);
  const wanted = rest.find((word) => !word.startsWith('-'));
  const own = wanted === undefined ? undefined : COMMANDS[wanted];
  const names = own ? [wanted!] : Object.keys(COMMANDS);
  for (const name of names) attach(program, name, await COMMANDS[name]!(), input, (code) => (status = code));
  // A bundle's code is loaded only when its command is called, or to list the commands.
  if (!own)
    for (const [name, command] of await bundleCommands(home, wanted))
      attach(program, name, command, input, (code) => (status = code));
  if (wanted === undefined && rest.length === 0) program.help();
  await program.parseAsync(rest, { from: 'user' });
  process.removeListener('SIGINT', interrupted);
  process.removeListener('SIGTERM', interrupted);
  return status;
}

function inputMaker(
  home: Home,
  signal: AbortSignal,
): (parsed: Pick<CommandInput, 'arguments' | 'options'>) => CommandInput {
  return (parsed) => ({
    ...parsed,
    stdout: { write: (text) => void process.stdout.write(text) },
    stderr: { write: (text) => void process.stderr.write(text) },
    signal,
    home: home.folder,
    file: home.file,
    call: async (method, parameters) => {
      const { callNode } = await import('../node/admin-socket.js');
      return callNode(await storageOf(home.folder, home.file), method, parameters);
    },
    configuration: commandConfiguration(home),
    secrets: commandSecrets(home),
  });
}

/** `--home` and `--config` may stand anywhere, as every command takes them. */
function takeHome(argv: readonly string[]): { rest: string[]; home: Home } {
  const rest: string[] = [];
  const options: { home?: string; config?: string } = {};
  for (let i = 0; i < argv.length; i++) {
    const match = /^--(home|config)(?:=(.*))?$/s.exec(argv[i]!);
    if (!match) rest.push(argv[i]!);
    else {
      const value = match[2] ?? argv[++i];
      if (value === undefined) throw new RackwattError('USAGE', `${match[0]} wants a path`);
      options[match[1] as 'home' | 'config'] = value;
    }
  }
  return { rest, home: homeOf(options) };
}
