import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeFolder } from './runtime-folder.js';

/** Version of the runtime. */
export const VERSION = (JSON.parse(readFileSync(join(runtimeFolder, 'package.json'), 'utf8')) as { version: string })
  .version;
