import { resolve } from 'node:path';
import type { InstallEvent } from '../node/install.js';
import { RackwattError } from '../errors.js';
import type { Command, CommandInput } from './contract.js';
import { storageOf } from './home.js';
import { json } from './output.js';

export const install: Command = {
  summary:
    'install signed archives into the running node, or update the bundles of those names, all of them or none: FILE.tgz, an https address, or NAME@RANGE of an npm registry',
  arguments: '<source...>',
  options: {
    '--registry <url>': "npm registry; that of the home's .npmrc, else npm's own, when absent",
    '--digest <sha256>': 'what must come: sha256:... of the bundle or of the file; then plain http will do',
    '--json': 'print JSON',
  },
  async run(input) {
    const { streamNode } = await import('../node/admin-socket.js');
    const { options, stdout, stderr, signal } = input;
    const isFile = (source: string): boolean => /\.(?:tgz|tar\.gz)$/.test(source) && !/^https?:\/\//i.test(source);
    const request = {
      sources: input.arguments.map((source) => (isFile(source) ? resolve(source) : source)),
      registry: options['registry'],
      digest: options['digest'],
    };
    const meter = new Meter(stderr);
    const events = streamNode(await storage(input), 'bundle.install', request, signal);
    const cancelled = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () =>
        reject(
          new RackwattError('DOWNLOAD_CANCELLED', `the installation of ${input.arguments.join(', ')} was cancelled`),
        ),
      ),
    );
    try {
      for (;;) {
        const next = await Promise.race([events.next(), cancelled]);
        if (next.done === true) return;
        const event = next.value as InstallEvent;
        if ('progress' in event) meter.show(event.progress);
        else {
          const { installed } = event;
          meter.clear();
          if (options['json']) stdout.write(json(installed.length === 1 ? installed[0] : installed));
          else for (const { name, version, state } of installed) stdout.write(`${name} ${version} is ${state}\n`);
        }
      }
    } finally {
      meter.clear();
    }
  },
};

function storage({ home, file }: CommandInput): Promise<string> {
  return storageOf(home, file);
}

/** One line at the terminal that is written over; nothing where nobody looks. */
class Meter {
  readonly #out: CommandInput['stderr'];
  #shown = false;

  constructor(out: CommandInput['stderr']) {
    this.#out = out;
  }

  show({ received, total }: { received: number; total?: number }): void {
    if (!process.stderr.isTTY) return;
    const part = total === undefined ? '' : ` of ${mebibytes(total)} (${Math.floor((received / total) * 100)} %)`;
    this.#out.write(`\r\u001b[K${mebibytes(received)}${part}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) this.#out.write('\r\u001b[K');
    this.#shown = false;
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
