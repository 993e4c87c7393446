import assert from 'node:assert/strict';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import * as rackwatt from 'rackwatt';
import { errorMessage, RackwattError } from 'rackwatt';
import { temporaryFolder } from '../support/temporary.js';
import { BundleStore, DropInFolder, hostModules, ModuleSpace, Scope, TrustStore } from './built.js';

type Source = Parameters<Parameters<typeof DropInFolder.watch>[0]['drop']>[0];

/** A node that evaluates what is dropped, and writes down what happens. */
export interface Fake {
  /** The drop-in folder lies in it, and the storage. */
  home: string;
  folder: string;
  /** Beside the folder, on the same file system. */
  aside: string;
  dropIns: DropInFolder;
  events: string[];
  errors: string[];
  /** Every line of the log. */
  lines: string[];
  running: Map<string, string>;
  /** Versions that do not start. */
  refused: Set<string>;
  /** Versions that were to start, whatever came of it. */
  tried: string[];
  place(name: string, archive: Buffer): void;
  until(what: string, done: () => boolean, milliseconds?: number): Promise<number>;
  stop(): Promise<void>;
}

export interface FakeOptions {
  allowUnsigned?: boolean;
  /** Of a node before: this one is that one, started again. */
  home?: string;
  before?: (folder: string) => Promise<void>;
  refused?: string[];
  /** ms that a start takes. */
  slow?: number;
  /** Location of what the configuration has under each name. */
  configured?: string;
}

const host = hostModules({ rackwatt });

export async function fakeNode(t: TestContext, options: FakeOptions = {}): Promise<Fake> {
  const home = options.home ?? temporaryFolder(t);
  const [folder, aside] = [join(home, 'dropins'), join(home, 'aside')];
  for (const each of [folder, aside]) if (!existsSync(each)) mkdirSync(each);
  const scope = new Scope('test');
  const fake: Omit<Fake, 'dropIns'> = {
    home,
    folder,
    aside,
    events: [],
    errors: [],
    lines: [],
    running: new Map(),
    refused: new Set(options.refused),
    tried: [],
    place(name, archive) {
      writeFileSync(join(aside, 'placed'), archive);
      renameSync(join(aside, 'placed'), join(folder, name));
    },
    async until(what, done, milliseconds = 5000) {
      const started = performance.now();
      while (!done()) {
        assert.ok(
          performance.now() - started < milliseconds,
          `not in ${milliseconds} ms: ${what}; events: ${fake.events.join(', ')}; log: ${fake.lines.join('; ')}`,
        );
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return performance.now() - started;
    },
    stop: async () => void (await scope.close()),
  };
  const drop = async ({ root, manifest }: Source): Promise<string | undefined> => {
    fake.tried.push(manifest.version);
    if (options.slow !== undefined) await new Promise((resolve) => setTimeout(resolve, options.slow));
    if (fake.refused.has(manifest.version))
      throw new RackwattError('TEST_REFUSED', `${manifest.version} does not start`);
    assert.ok(!root.startsWith(folder), 'never run from the folder');
    const space = new ModuleSpace({ root, label: 'test', host });
    try {
      const { version } = await space.load(manifest.main!);
      fake.running.set(manifest.name, String(version));
      fake.events.push(`+${String(version)}`);
    } finally {
      space.dispose();
    }
    return options.configured;
  };
  const lift = async (name: string): Promise<void> => {
    fake.running.delete(name);
    fake.events.push(`-${name}`);
  };
  await options.before?.(folder);
  t.after(() => scope.close());
  const note = (message: unknown): void => void fake.lines.push(errorMessage({ message }));
  const dropIns = await DropInFolder.watch({
    folder,
    records: join(home, 'dropins.json'),
    store: new BundleStore({ folder: join(home, 'store'), trust: new TrustStore({ keys: join(home, 'keys') }) }),
    allowUnsigned: options.allowUnsigned ?? true,
    log: {
      debug: note,
      info: note,
      warn: note,
      error: (message: unknown) => {
        note(message);
        fake.errors.push(errorMessage({ message }));
      },
    },
    scope,
    drop,
    lift,
  });
  return Object.assign(fake, { dropIns });
}
