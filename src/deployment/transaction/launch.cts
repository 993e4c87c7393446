import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { realFileSystem } from '../../durable/index.cjs';
import { boot } from './boot.cjs';
import { Journal } from './journal.cjs';

export interface LaunchOptions {
  /** Words of the command line. */
  argv: readonly string[];
  /** Whether a node runs on a storage already. */
  isRunning(storage: string): Promise<boolean>;
  say(sentence: string): void;
}

/**
 * What is done before a node starts, with none of its code loaded: a generation on probation is counted, or the one before comes
 * back. A storage that cannot be written must not keep a node from starting.
 */
export async function launch({ argv, isRunning, say }: LaunchOptions): Promise<void> {
  try {
    const file = configurationFile(argv);
    const storage = resolve(dirname(file), await storageIn(file));
    const journal = await Journal.open(realFileSystem, join(storage, 'journal'));
    if (journal.transactions().every(({ isFinal }) => isFinal) || (await isRunning(storage))) return;
    for (const note of await boot({ system: realFileSystem, storage, file, now: () => new Date() })) say(note);
  } catch (error) {
    say(`the last change could not be looked at, so the node starts as it is: ${(error as Error).message}`);
  }
}

/** As the command finds it: `--config FILE`, else in `--home DIR`, else in the working folder. */
function configurationFile(argv: readonly string[]): string {
  const given = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const match = /^--(home|config)(?:=(.*))?$/s.exec(argv[i]!);
    if (match) given.set(match[1]!, match[2] ?? argv[++i] ?? '.');
  }
  const config = given.get('config');
  return config === undefined ? join(resolve(given.get('home') ?? '.'), 'runtime.config.json') : resolve(config);
}

async function storageIn(file: string): Promise<string> {
  try {
    const { framework } = JSON.parse(await readFile(file, 'utf8')) as { framework?: { storage?: unknown } };
    return typeof framework?.storage === 'string' ? framework.storage : './var';
  } catch {
    // Whoever reads the file next says what is wrong with it.
    return './var';
  }
}
