import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { realFileSystem } from '../../durable/index.cjs';
import { FACE, launcher, VARIABLE, type Launcher } from '../runtime/face.cjs';
import { lackOfRuntime, runtimeFolderOf } from '../runtime/sound.cjs';
import { boot } from './boot.cjs';
import { Journal } from './journal.cjs';

export interface LaunchOptions {
  /** Words of the command line. */
  argv: readonly string[];
  /** The launcher's own file, in `bin` of the runtime that it came with. */
  file: string;
  /** Whether a node runs on a storage already. */
  isRunning(storage: string): Promise<boolean>;
  say(sentence: string): void;
}

/** What a command line starts with that starts a node in this process; a launcher was there already when it was chosen by one. */
export function isLaunch(argv: readonly string[]): boolean {
  return wordsOf(argv).words[0] === 'start' && launcher() === undefined;
}

/**
 * What is done before a node starts, with none of its code loaded: a generation on probation is counted, or the one before comes
 * back; then the runtime that the configuration names takes this process over. Settles when the launcher's own is to run: a storage
 * that cannot be written, or a runtime that is damaged, must not keep a node from starting.
 */
export async function launch({ argv, file, isRunning, say }: LaunchOptions): Promise<void> {
  const configuration = configurationFile(argv);
  const storage = resolve(dirname(configuration), (await frameworkIn(configuration)).storage);
  try {
    const journal = await Journal.open(realFileSystem, join(storage, 'journal'));
    const isOpen = journal.transactions().some(({ isFinal }) => !isFinal);
    if (isOpen && !(await isRunning(storage)))
      for (const note of await boot({
        system: realFileSystem,
        storage,
        file: configuration,
        now: () => new Date(),
        lackOfRuntime: (folder) => lackOfRuntime(realFileSystem, join(storage, folder)),
      }))
        say(note);
  } catch (error) {
    say(`the last change could not be looked at, so the node starts as it is: ${(error as Error).message}`);
  }
  process.env[VARIABLE] = JSON.stringify(self(file));
  // The way back may have changed it.
  const { runtime } = await frameworkIn(configuration);
  if (runtime === undefined) return;
  const folder = join(storage, runtimeFolderOf(runtime));
  const lack =
    process.execve === undefined
      ? 'a process cannot hand over to another here'
      : await lackOfRuntime(realFileSystem, folder);
  if (lack !== undefined) return say(`the runtime ${runtime.version} cannot run, this one does instead: ${lack}`);
  const node = join(folder, 'bin', 'node');
  process.execve!(node, [node, ...process.execArgv, join(folder, 'bin', 'rackwatt.cjs'), ...argv], process.env);
}

/** Starts the launcher again, in this process; settles nothing and comes back only where there is none, or no way to. */
export function relaunch(argv: readonly string[]): void {
  const found = launcher();
  if (found === undefined || process.execve === undefined) return;
  const { [VARIABLE]: _told, ...environment } = process.env;
  process.execve(found.command[0]!, [...found.command, ...argv], environment);
}

function self(file: string): Launcher {
  const folder = resolve(dirname(file), '..');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return {
    faces: [FACE],
    pid: process.pid,
    command: [process.execPath, ...process.execArgv, file],
    factory: { folder, version, node: process.versions.node },
  };
}

/** As the command finds it: `--config FILE`, else in `--home DIR`, else in the working folder. */
function configurationFile(argv: readonly string[]): string {
  const { given } = wordsOf(argv);
  const config = given.get('config');
  return config === undefined ? join(resolve(given.get('home') ?? '.'), 'runtime.config.json') : resolve(config);
}

function wordsOf(argv: readonly string[]): { words: string[]; given: Map<string, string> } {
  const given = new Map<string, string>();
  const words: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const match = /^--(home|config)(?:=(.*))?$/s.exec(argv[i]!);
    if (match) given.set(match[1]!, match[2] ?? argv[++i] ?? '.');
    else if (!argv[i]!.startsWith('-')) words.push(argv[i]!);
  }
  return { words, given };
}

/** What the launcher needs to know of a configuration. */
async function frameworkIn(file: string): Promise<{ storage: string; runtime?: { version: string; digest: string } }> {
  try {
    const { framework } = JSON.parse(await readFile(file, 'utf8')) as {
      framework?: { storage?: unknown; runtime?: { version?: unknown; digest?: unknown } };
    };
    const storage = typeof framework?.storage === 'string' ? framework.storage : './var';
    const { version, digest } = framework?.runtime ?? {};
    const isSound =
      typeof version === 'string' &&
      /^[\w.+-]{1,100}$/.test(version) &&
      typeof digest === 'string' &&
      /^sha256:[0-9a-f]{64}$/.test(digest);
    return { storage, ...(isSound ? { runtime: { version, digest } } : {}) };
  } catch {
    // Whoever reads the file next says what is wrong with it.
    return { storage: './var' };
  }
}
