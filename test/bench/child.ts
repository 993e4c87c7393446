/** Runs one bench in this process and sends its figures to the parent. Arguments: its name; `quick` for few rounds. */
import { BENCHES } from './benches.js';

const [name, pace] = process.argv.slice(2);
const bench = await BENCHES.find((entry) => entry.name === name)!.load();
await bench((figure) => void process.send!(figure), { quick: pace === 'quick' });
process.disconnect();
