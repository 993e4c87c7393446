import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, type CommandInput, errorMessage, RackwattError } from 'rackwatt';
import { parseAddress } from '../address.js';
import { parseCredentials } from '../credentials.js';
import { SnmpLink } from '../link.js';
import { systemOf } from '../recognise.js';
import { recordingLine, treesOf, walkTree } from '../recording.js';
import { TARGET_OPTIONS, targetOf } from './target.js';

/** A request's time, beyond its tries. */
const REQUEST_TIME = 30_000;
const PROGRESS_EVERY = 500;

const command: Command = {
  summary: 'walk a device and write what it answers as a recording (snmprec)',
  arguments: '<host>',
  options: {
    ...TARGET_OPTIONS,
    '-o, --output <file>': 'file to write',
    '--tree <oid>': {
      description: 'record this tree instead of the system group and the tree of the maker',
      repeatable: true,
    },
  },
  async run(input) {
    const output = input.options['output'];
    if (typeof output !== 'string' || output === '')
      throw new RackwattError('RECORD_NO_FILE', 'Say where to write the recording: -o FILE.snmprec.');
    const { address, credentials, timeout = 1000 } = targetOf(input);
    const link = new SnmpLink(parseAddress(address), parseCredentials(credentials), { timeout, retries: 2 });
    const stop = (): void => link.close();
    input.signal.addEventListener('abort', stop, { once: true });
    try {
      return await record(input, link, resolve(output));
    } finally {
      input.signal.removeEventListener('abort', stop);
      link.close();
    }
  },
};

export default command;

async function record(input: CommandInput, link: SnmpLink, path: string): Promise<number> {
  const time = (): number => performance.now() + REQUEST_TIME;
  const { sysObjectId } = await systemOf(link, time());
  const trees = treeOptions(input) ?? treesOf(sysObjectId);
  const partial = `${path}.part`;
  const file = await open(partial, 'w').catch((error: unknown) => {
    throw new RackwattError('RECORD_UNWRITABLE', `The recording cannot be written: ${errorMessage(error)}.`, {
      context: { path },
    });
  });
  let count = 0;
  try {
    let lines = '';
    for (const tree of trees) {
      for await (const varbind of walkTree(link, tree, time)) {
        lines += recordingLine(varbind);
        if (++count % PROGRESS_EVERY === 0) {
          await file.write(lines);
          lines = '';
          input.stderr.write(`\r${count} objects, at ${varbind.oid}`);
        }
      }
    }
    await file.write(lines);
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    if (!input.signal.aborted) throw error;
    input.stderr.write(`\nStopped after ${count} objects; nothing was written.\n`);
    return 130;
  }
  input.stderr.write(`\r${count} objects written to ${path}\n`);
  return 0;
}

function treeOptions(input: CommandInput): string[] | undefined {
  const given = input.options['tree'];
  if (given === undefined) return undefined;
  const trees = (Array.isArray(given) ? given : [String(given)]).map((tree) => tree.replace(/^\./, ''));
  for (const tree of trees) {
    if (!/^1(\.\d{1,10}){2,60}$/.test(tree))
      throw new RackwattError('RECORD_TREE_INVALID', `'${tree}' is no OID such as 1.3.6.1.4.1.318.`);
  }
  return trees;
}
