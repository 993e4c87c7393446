import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errorRecord, type ErrorRecord } from '../errors.js';
import { builtModule } from '../runtime-folder.js';
import { childEnvironment } from './environment.js';
import type { Departure, Host, HostOptions, Usage } from './host.js';
import { eachLine } from './lines.js';
import { processPort, type Port } from './port.js';

const MB = 1024 ** 2;
/** Ticks a second in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICKS = 100;
/** ms after its end for what it sent and wrote last: what it started may keep its output open for ever. */
const LAST_WORDS = 200;
const ENTRY = builtModule('isolation/child/main.js');

export interface ProcessHostOptions extends HostOptions {
  /** Options of Node's permission model. */
  readonly permissions: readonly string[];
}

/** Runs a child container in a process of its own. */
export class ProcessHost implements Host {
  readonly place: string;
  readonly port: Port;
  readonly gone: Promise<Departure>;
  readonly #child: ChildProcess;
  #ended = false;
  #outOfMemory = false;
  #error: ErrorRecord | undefined;

  private constructor(options: ProcessHostOptions, guard: readonly string[]) {
    const command = [
      ...guard,
      process.execPath,
      `--max-old-space-size=${Math.ceil(options.heap / MB)}`,
      ...options.permissions,
      // Node warns of each permission that it is given; what is given is said in the manifest.
      '--disable-warning=PERM0001',
      ENTRY,
      // For those who look at the processes of the machine.
      options.name,
    ];
    this.#child = spawn(command[0]!, command.slice(1), {
      // Its own group: Ctrl-C in a terminal is for the node, which then stops it, and what it started goes with it.
      detached: true,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.place = `process ${this.#child.pid ?? 'not started'}`;
    this.port = processPort(this.#child);
    eachLine(this.#child.stdout!, (text) => options.line('stdout', text));
    eachLine(this.#child.stderr!, (text) => {
      if (text.includes('JavaScript heap out of memory')) this.#outOfMemory = true;
      options.line('stderr', text);
    });
    this.gone = this.#ending();
  }

  static async make(options: ProcessHostOptions): Promise<ProcessHost> {
    return new ProcessHost(options, await deathGuard());
  }

  async #ending(): Promise<Departure> {
    const child = this.#child;
    const { promise, resolve } = Promise.withResolvers<[code: number | null, signal: string | null]>();
    child.once('exit', (code, signal) => resolve([code, signal]));
    child.on('error', (error) => {
      this.#error ??= errorRecord(error);
      if (child.pid === undefined) resolve([null, null]);
    });
    const [code, signal] = await promise;
    this.#ended = true;
    const heard = child.connected && once(child, 'disconnect');
    const last = Promise.all([heard, finished(child.stdout!), finished(child.stderr!)]).catch(errorRecord);
    await Promise.race([last, delay(LAST_WORDS, undefined, { ref: false })]);
    return { code, signal, ...(this.#error ? { error: this.#error } : {}), outOfMemory: this.#outOfMemory };
  }

  async usage(): Promise<Usage | undefined> {
    const { pid } = this.#child;
    if (this.#ended || pid === undefined) return undefined;
    try {
      const [stat, status] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile(`/proc/${pid}/status`, 'utf8'),
      ]);
      // The second field is the program's name, in parentheses and with anything in it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = Number(fields[11]) + Number(fields[12]);
      const kilobytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
      return { memory: kilobytes * 1024, processorTime: (ticks / TICKS) * 1000 };
    } catch (error) {
      // It ended meanwhile, or this system has no /proc.
      void errorRecord(error);
      return undefined;
    }
  }

  kill(): void {
    const { pid } = this.#child;
    if (this.#ended || pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch (error) {
      // Its group is gone already.
      void errorRecord(error);
    }
  }

  giveUp(): void {
    this.#child.unref();
  }
}

let guard: Promise<readonly string[]> | undefined;

/**
 * A process whose event loop hangs does not notice that its node is gone. Where the system has `setpriv` (util-linux), the
 * kernel is asked to kill it then; elsewhere only one that still turns ends by itself.
 */
function deathGuard(): Promise<readonly string[]> {
  const command = ['setpriv', '--pdeathsig', 'KILL', '--'];
  return (guard ??= promisify(execFile)(command[0]!, [...command.slice(1), 'true']).then(
    () => command,
    (error: unknown) => {
      void errorRecord(error);
      return [];
    },
  ));
}
