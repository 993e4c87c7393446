/** From nothing to an active container without bundles. */
import { tmpdir } from 'node:os';
import { emptyFramework } from '../built.js';

const framework = emptyFramework(tmpdir());
await framework.setStartLevel(1);
const { user, system } = process.cpuUsage();
process.stdout.write(`${JSON.stringify({ cpuMs: (user + system) / 1e3 })}\n`);
process.exit(0);
