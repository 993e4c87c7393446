/** Store and ingest in a process of their own, to be killed. */
import { openIngest, openStore } from './support.js';

const [folder = '', port = ''] = process.argv.slice(2);
const store = await openStore(folder);
const ingest = await openIngest(folder, Number(port), store);
setInterval(() => process.stdout.write(ingest.health().state === 'ok' ? '+' : '.'), 20);
