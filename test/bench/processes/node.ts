/** A whole node with a configuration that names no bundles, from nothing to started. Argument: its folder. */
import { join } from 'node:path';

const { Node } = (await import(
  new URL('../../../../src/dist/node/node.js', import.meta.url).href
)) as typeof import('../../../src/node/node.js');

const folder = process.argv[2]!;
const node = await Node.open({ folder, file: join(folder, 'runtime.config.json') });
await node.start();
process.exit(0);
