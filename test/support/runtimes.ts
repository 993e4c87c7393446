import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packRuntime } from '../deployment/built.js';
import { checkout } from './node.js';

export interface RuntimeOptions {
  version: string;
  /** Text of a script that stands for its Node; the Node of these tests when absent. `real`: the whole binary. */
  node?: string;
  isReal?: boolean;
  /** Files of it, relative to it, as they are to be instead. */
  edit?: Record<string, (text: string) => string>;
}

/** Packs the runtime of the checkout as another version. @returns the archive, which nobody signed */
export async function packedRuntime(work: string, options: RuntimeOptions): Promise<string> {
  const folder = join(work, `runtime-${options.version}`);
  const source = join(checkout, 'src');
  mkdirSync(folder, { recursive: true });
  for (const part of ['package.json', 'bin', 'dist', 'templates'])
    cpSync(join(source, part), join(folder, part), { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  const edits = {
    'package.json': (text: string) => JSON.stringify({ ...(JSON.parse(text) as object), version: options.version }),
    ...options.edit,
  };
  for (const [path, edit] of Object.entries(edits))
    writeFileSync(join(folder, path), edit(readFileSync(join(folder, path), 'utf8')));
  const script = join(folder, 'node.sh');
  writeFileSync(script, options.node ?? `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 });
  const node = { binary: script, version: '24.99.0', license: join(checkout, 'LICENSE') };
  const { file } = await packRuntime({
    folder,
    output: () => join(work, `rackwatt-${options.version}.tgz`),
    level: 1,
    ...(options.isReal === true ? {} : { node }),
  });
  return file;
}
