import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Profile, profiles } from '@rackwatt/device-profiles';
import { type Command, type CommandInput, errorMessage, RackwattError } from 'rackwatt';
import { parseAddress } from '../address.js';
import { parseCredentials } from '../credentials.js';
import { SnmpLink } from '../link.js';
import { Mask } from '../mask.js';
import { recognise, systemOf } from '../recognise.js';
import { recordingLine, treesOf, walkTree } from '../recording.js';
import type { Varbind } from '../snmp/varbind.js';
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
    '--keep-private': 'leave names, places, serials and addresses as they are',
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
  const profile = await profileOf(link, time());
  const { sysObjectId } = await systemOf(link, time());
  const trees = treeOptions(input) ?? treesOf(sysObjectId);
  const partial = `${path}.part`;
  const file = await open(partial, 'w').catch((error: unknown) => {
    throw new RackwattError('RECORD_UNWRITABLE', `The recording cannot be written: ${errorMessage(error)}.`, {
      context: { path },
    });
  });
  const varbinds: Varbind[] = [];
  let told = '';
  try {
    for (const tree of trees) {
      for await (const varbind of walkTree(link, tree, time)) {
        if (varbinds.push(varbind) % PROGRESS_EVERY === 0)
          input.stderr.write(`\r${varbinds.length} objects, at ${varbind.oid}`);
      }
    }
    const mask = input.options['keepPrivate'] === true ? undefined : new Mask(profile);
    const written = mask?.apply(varbinds) ?? varbinds;
    for (let from = 0; from < written.length; from += PROGRESS_EVERY)
      await file.write(
        written
          .slice(from, from + PROGRESS_EVERY)
          .map(recordingLine)
          .join(''),
      );
    told = mask ? maskedSentence(mask, profile) : '';
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    if (!input.signal.aborted) throw error;
    input.stderr.write(`\nStopped after ${varbinds.length} objects; nothing was written.\n`);
    return 130;
  }
  input.stderr.write(`\r${varbinds.length} objects written to ${path}\n${told}`);
  return 0;
}

/** The profile that reads the device; none where nobody knows it. */
async function profileOf(link: SnmpLink, deadline: number): Promise<Profile | undefined> {
  try {
    const { profile } = await recognise(link, { wanted: 'auto', profiles: profiles() }, deadline);
    return profile;
  } catch (error) {
    if (error instanceof RackwattError && error.code === 'DEVICE_NOT_RECOGNISED') return undefined;
    throw error;
  }
}

function maskedSentence({ masked }: Mask, profile: Profile | undefined): string {
  const kept = profile
    ? `read by profile ${profile.name} they are what they were`
    : 'no profile knows the device, so only names, places and what looks like an address was found: look through it before you give it away';
  return `${masked} private values were masked; ${kept} (--keep-private leaves them)\n`;
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
