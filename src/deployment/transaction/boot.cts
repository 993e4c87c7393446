import { dirname, join } from 'node:path';
import { isMissing, replaceFile, type FileSystem } from '../../durable/index.cjs';
import { lackOf, readCurrent, readGeneration, sha256, writeCurrent } from './generation.cjs';
import { Journal, type TransactionRecord, type TransactionState } from './journal.cjs';

/** What lies on the disk when a node is about to start. */
export interface Found {
  /** Generation that `current` names. */
  current: number | undefined;
  /** sha256 of the configuration file. */
  revision: string | undefined;
  /** Why the new generation cannot be run. */
  lack?: string | undefined;
}

/** What becomes of a transaction that was open when the node ended. */
export type Decision =
  | { to: 'try' }
  | { to: 'go back'; why: string }
  | { to: 'close'; state: 'REFUSED' | 'ROLLED_BACK' | 'SUPERSEDED'; why: string };

/**
 * Decides from what was recorded and what was found, and from nothing else: a new generation is started three times at most
 * without being committed, and whoever edited the configuration file meanwhile is right.
 */
export function decide({ armed, tries, isRollingBack, why }: TransactionRecord, found: Found): Decision {
  if (armed === undefined)
    return { to: 'close', state: 'REFUSED', why: 'the node ended before anything had been changed' };
  const [old, new_] = armed.revisions!;
  if (found.revision !== old && found.revision !== new_)
    return { to: 'close', state: 'SUPERSEDED', why: 'the configuration file was edited meanwhile' };
  if (isRollingBack) return { to: 'go back', why: why! };
  const isSwitched = old === new_ ? found.current === armed.to : found.revision === new_;
  if (!isSwitched && found.current !== armed.to)
    return { to: 'close', state: 'ROLLED_BACK', why: 'the node ended before the switch' };
  if (!isSwitched) return { to: 'go back', why: 'the configuration file was put back' };
  if (found.lack !== undefined) return { to: 'go back', why: found.lack };
  if (tries < armed.tries!) return { to: 'try' };
  return { to: 'go back', why: `it was started ${tries} times and never proved healthy: it crashed, or lost power` };
}

export interface BootOptions {
  system: FileSystem;
  storage: string;
  /** The configuration file. */
  file: string;
  now(): Date;
  /** Why a runtime cannot be started, by its folder relative to the storage. */
  lackOfRuntime?(folder: string): Promise<string | undefined>;
}

/** Brings every transaction that was cut off one step on, before any new code runs. @returns what to tell people */
export async function boot(options: BootOptions): Promise<string[]> {
  const { system, storage, file, now } = options;
  const notes: string[] = [];
  const journal = await Journal.open(system, join(storage, 'journal'));
  for (const transaction of journal.transactions().filter(({ isFinal }) => !isFinal)) {
    const { id, armed, reason } = transaction;
    const note = (state: TransactionState, why?: string): Promise<void> =>
      journal.append({ id, state, time: now().toISOString(), ...(why === undefined ? {} : { why }) });
    const decision = decide(transaction, {
      current: await readCurrent(system, storage),
      revision: await revisionOf(system, file),
      lack: armed && (await lackIn(options, armed.to!)),
    });
    if (decision.to === 'close') {
      await note(decision.state, decision.why);
      notes.push(`"${reason}" was given up: ${decision.why}`);
      continue;
    }
    const target = decision.to === 'go back' ? await soundBefore(options, armed!, journal) : undefined;
    // Better the new generation than none, when there is nothing sound to go back to.
    if (decision.to === 'try' || target === undefined) {
      await settle(system, file);
      await writeCurrent(system, storage, armed!.to!);
      await note('TRY');
      if (decision.to === 'try')
        notes.push(`"${reason}" is on probation: try ${transaction.tries + 1} of ${armed!.tries}`);
      continue;
    }
    const { number, text } = target;
    const why =
      number === armed!.from
        ? decision.why
        : `${decision.why}; generation ${armed!.from} is damaged too, so ${number} runs`;
    if (!transaction.isRollingBack) await note('ROLLBACK', why);
    await putBack(system, { storage, file, number, text });
    await note('ROLLED_BACK', why);
    notes.push(`"${reason}" was rolled back to generation ${number}: ${why}`);
  }
  return notes;
}

/** The configuration file first: a start between the two still sees that the way back is not at its end. */
export async function putBack(
  system: FileSystem,
  to: { storage: string; file: string; number: number | undefined; text: string },
): Promise<void> {
  if ((await revisionOf(system, to.file)) !== sha256(to.text)) await replaceFile(system, to.file, to.text);
  else await settle(system, to.file);
  await writeCurrent(system, to.storage, to.number);
}

/** What is read of a file need not be on the disk yet: whoever wrote it may have been killed before it was. */
export async function settle(system: FileSystem, file: string): Promise<void> {
  const target = await system.resolve(file);
  await system.sync(target);
  await system.sync(dirname(target));
}

async function lackIn({ system, storage, lackOfRuntime }: BootOptions, number: number): Promise<string | undefined> {
  const lack = await lackOf(system, storage, number);
  if (lack !== undefined || lackOfRuntime === undefined) return lack;
  const runtime = (await readGeneration(system, storage, number))?.runtime;
  const why = runtime?.folder === undefined ? undefined : await lackOfRuntime(runtime.folder);
  return why === undefined ? undefined : `the runtime ${runtime!.version} cannot run: ${why}`;
}

async function soundBefore(
  options: BootOptions,
  { from }: { from?: number },
  journal: Journal,
): Promise<{ number: number; text: string } | undefined> {
  if (from === undefined) return undefined;
  const { system, storage } = options;
  const committed = journal.transactions().filter(({ state, armed }) => state === 'COMMITTED' && armed !== undefined);
  for (const number of [from, ...committed.reverse().map(({ armed }) => armed!.to!)]) {
    if ((await lackIn(options, number)) !== undefined) continue;
    const generation = await readGeneration(system, storage, number);
    if (generation !== undefined) return generation;
  }
  return undefined;
}

export async function revisionOf(system: FileSystem, file: string): Promise<string | undefined> {
  try {
    return sha256(await system.read(file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
