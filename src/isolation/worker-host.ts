import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { MessageChannel, Worker } from 'node:worker_threads';
import { errorRecord, type ErrorRecord } from '../errors.js';
import { builtModule } from '../runtime-folder.js';
import { childEnvironment } from './environment.js';
import type { Departure, Host, HostOptions, Usage } from './host.js';
import { eachLine } from './lines.js';
import { messagePort, type Port } from './port.js';
import { noteStuck } from './stuck.js';

const MB = 1024 ** 2;
/**
 * Bytes at which V8 itself acts. That far from the limit of a worker, since the end is not sure to be the worker's alone: when one
 * object, such as the table of a map that doubles, is larger than what is left and 16 MB, V8 ends the process.
 */
function hardLimit(heap: number): number {
  return 4 * heap + 256 * MB;
}

/**
 * MB. Node lets a thread that reaches its limit have 16 MB more to end in; more young objects than that, which all live on, end the
 * process instead.
 */
const YOUNG = 8;
/** ms for a thread to say what it uses. */
const ANSWER = 100;

/**
 * V8 13 leaves the check for interrupts out of loops that it unrolled, such as the one of `for (;;) new Array(1000).fill(1)`:
 * nothing ends such a thread, not even at the limit of its heap, whose end is then that of the process.
 */
const INTERRUPTIBLE_LOOPS = '--no-turboshaft-loop-unrolling';

/** Runs a child container in a thread of this process: its own heap and event loop, but not its own address space. */
export class WorkerHost implements Host {
  readonly place: string;
  readonly port: Port;
  readonly gone: Promise<Departure>;
  readonly #worker: Worker;
  #ended = false;
  #usage: Usage = { memory: 0, processorTime: 0 };

  constructor(options: HostOptions) {
    setFlagsFromString(INTERRUPTIBLE_LOOPS);
    const { port1, port2 } = new MessageChannel();
    this.#worker = new Worker(builtModule('isolation/child/main.js'), {
      name: options.name,
      workerData: { port: port2 },
      transferList: [port2],
      argv: [],
      execArgv: [],
      env: childEnvironment(),
      stdin: false,
      stdout: true,
      stderr: true,
      trackUnmanagedFds: true,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(hardLimit(options.heap) / MB),
        maxYoungGenerationSizeMb: YOUNG,
      },
    });
    this.place = `thread ${this.#worker.threadId}`;
    this.port = messagePort(port1);
    eachLine(this.#worker.stdout, (text) => options.line('stdout', text));
    eachLine(this.#worker.stderr, (text) => options.line('stderr', text));
    let error: ErrorRecord | undefined;
    this.#worker.on('error', (cause) => (error ??= errorRecord(cause)));
    const exit = new Promise<number>((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#ended = true;
        resolve(code);
      });
    });
    // What the thread sent before its end comes by its own port, which may lag behind the word of the end.
    const heard = new Promise<void>((resolve) => port1.once('close', () => resolve()));
    this.gone = Promise.all([exit, heard]).then(([code]) => ({
      code,
      signal: null,
      ...(error ? { error } : {}),
      outOfMemory: error?.code === 'ERR_WORKER_OUT_OF_MEMORY',
    }));
  }

  async usage(): Promise<Usage | undefined> {
    if (this.#ended) return undefined;
    try {
      const asked = Promise.all([this.#worker.getHeapStatistics(), this.#worker.cpuUsage()]);
      // A thread in a call of the system answers when that returns; until then it uses nothing.
      const answer = await Promise.race([asked, delay(ANSWER, undefined, { ref: false })]);
      if (!answer) return this.#usage;
      const [heap, processor] = answer;
      this.#usage = { memory: heap.used_heap_size, processorTime: (processor.user + processor.system) / 1000 };
      return this.#usage;
    } catch (error) {
      // It ended meanwhile.
      void errorRecord(error);
      return undefined;
    }
  }

  kill(): void {
    if (!this.#ended) void this.#worker.terminate();
  }

  giveUp(): void {
    this.#worker.unref();
    // What is read keeps this process waiting for more.
    for (const output of [this.#worker.stdout, this.#worker.stderr]) output.push(null);
    noteStuck(this, this.gone);
  }
}
