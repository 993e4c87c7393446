import type { FileSystem } from '../../../src/durable/index.cjs';
import { boot, collect, ContentStore, GenerationLedger, Journal, sha256, Transactions, type Change } from '../built.js';
import { CrashDisk, seeded, type Mutant } from './disk.js';

/** How the new release behaves. */
export const RELEASES = ['good', 'refused', 'unhealthy', 'crashing', 'tampered'] as const;
export type Release = (typeof RELEASES)[number];

/** What changes. */
export const CHANGES = [
  'install',
  'update',
  'uninstall',
  'configuration',
  'saved by hand',
  'several bundles',
  'runtime',
] as const;
export type ChangeKind = (typeof CHANGES)[number];

export interface Schedule {
  seed: number;
  change: ChangeKind;
  release: Release;
  /** Power cuts and kills, at random calls. */
  crashes: number;
  /** Whether somebody edits the configuration file while the node is down. */
  edits: boolean;
  mutant?: Mutant;
}

const STORAGE = '/site/var';
const FILE = '/site/runtime.config.json';
const REASON = 'the change';
const FINAL = ['COMMITTED', 'ROLLED_BACK', 'REFUSED', 'SUPERSEDED'];

interface Bundle {
  name: string;
  version: string;
}

interface Document {
  framework: { runtime?: string };
  bundles: { id: string; digest: string }[];
  configurations: Record<string, object>;
}

const A1 = { name: 'a', version: '1.0.0' };
const A2 = { name: 'a', version: '2.0.0' };
const others = ['b', 'c', 'd'].map((name) => ({ name, version: '1.0.0' }));
const RUNTIME = { name: 'rackwatt', version: '2.0.0' };

const filesOf = ({ name, version }: Bundle): Map<string, string> =>
  new Map([
    ['package.json', JSON.stringify({ name, version })],
    ['dist/index.js', `exports.version = '${name} ${version}';`.repeat(3)],
  ]);
const digestOf = (bundle: Bundle): string => sha256(Buffer.from(JSON.stringify([...filesOf(bundle)])));

function textOf(bundles: readonly Bundle[], setting: number, runtime?: Bundle): string {
  const document: Document = {
    framework: runtime === undefined ? {} : { runtime: `store:${runtime.name}@${runtime.version}` },
    bundles: [...bundles, ...(runtime === undefined ? [] : [runtime])].map((bundle) => ({
      id: `store:${bundle.name}@${bundle.version}`,
      digest: `sha256:${digestOf(bundle)}`,
    })),
    configurations: { a: { setting } },
  };
  return JSON.stringify(document);
}

const OLD = textOf([A1], 1);
const EDITED = textOf([A1], 99);
const NEW: Record<ChangeKind, { text: string; contents: Bundle[] }> = {
  install: { text: textOf([A1, others[0]!], 1), contents: [others[0]!] },
  update: { text: textOf([A2], 1), contents: [A2] },
  uninstall: { text: textOf([], 1), contents: [] },
  configuration: { text: textOf([A1], 2), contents: [] },
  'saved by hand': { text: textOf([A1], 3), contents: [] },
  'several bundles': { text: textOf([A2, ...others], 2), contents: [A2, ...others] },
  runtime: { text: textOf([A1], 1, RUNTIME), contents: [RUNTIME] },
};

/** The process ended: by its own fault, or to start another runtime. */
class Ended extends Error {}
/** Something that must never happen did. */
export class Violation extends Error {}

function must(isSo: boolean, what: string): void {
  if (!isSo) throw new Violation(what);
}

/** Plays one schedule on the real transaction, boot and store. @returns what became of the change @throws Violation */
export async function play(schedule: Schedule): Promise<string> {
  const random = seeded(schedule.seed);
  const disk = new CrashDisk(random);
  const site = new Site(disk, schedule);
  await site.layOut();
  disk.mutant = schedule.mutant;
  let left = schedule.crashes;
  const plan = (): void => {
    if (left > 0) disk.crashAt = disk.operations + 1 + Math.floor(random() * 70);
  };
  plan();
  for (let starts = 1; ; starts++) {
    must(starts < 40, 'it does not converge');
    try {
      // A file that somebody saved, of which no transaction knows, is theirs to correct.
      if (starts > 20 && (await site.isTheirs())) break;
      await site.run();
      break;
    } catch (error) {
      if (disk.isDown) {
        left -= 1;
        disk.restart(random() < 0.25);
        if (schedule.edits) await site.edit();
        plan();
      } else if (!(error instanceof Ended)) throw error;
    }
  }
  disk.crashAt = Infinity;
  return site.verdict();
}

/**
 * A good change on a disk that is full in its `call`th call, and has room again afterwards.
 * @returns whether the disk was full within the change, and what was said
 */
export async function playFull(change: ChangeKind, call: number): Promise<{ wasFull: boolean; sentence?: string }> {
  const disk = new CrashDisk(seeded(1));
  const site = new Site(disk, { seed: 1, change, release: 'good', crashes: 0, edits: false });
  await site.layOut();
  disk.fullAt = disk.operations + call;
  let sentence: string | undefined;
  try {
    await site.run();
  } catch (error) {
    if (!(error instanceof Ended)) sentence = (error as Error).message;
  }
  const wasFull = disk.operations >= disk.fullAt;
  disk.fullAt = Infinity;
  // The next start, then the same change once more: it holds.
  await site.again();
  return { wasFull, ...(sentence === undefined ? {} : { sentence }) };
}

class Site {
  readonly #disk: CrashDisk;
  readonly #schedule: Schedule;
  readonly #new: { text: string; contents: Bundle[] };
  #system!: FileSystem;
  #isAsked = false;
  #isEdited = false;

  constructor(disk: CrashDisk, schedule: Schedule) {
    this.#disk = disk;
    this.#schedule = schedule;
    this.#new = NEW[schedule.change];
  }

  /** A site that ran once: generation 1, on the disk. */
  async layOut(): Promise<void> {
    const system = this.#disk.session();
    await system.makeFolder('/site');
    await system.write(FILE, OLD);
    for (const path of [FILE, '/site', '/']) await system.sync(path);
    this.#system = system;
    await this.#keep([A1], this.#contents());
    const { ledger, transactions } = await this.#open();
    await (await ledger.begin(this.#changeTo(OLD, 'started', true))).applied();
    must(transactions.current === 1, 'the first generation is 1');
  }

  /** One start of the process, to its end or to the point where nothing is left to do. */
  async run(): Promise<void> {
    this.#system = this.#disk.session();
    await boot({ system: this.#system, storage: STORAGE, file: FILE, now: () => new Date(0) });
    const text = (await this.#system.read(FILE)).toString();
    await this.#mustBeComplete(text);
    if (this.#isNew(text) && this.#schedule.release === 'crashing') throw new Ended('crashed');
    const { transactions, ledger } = await this.#open();
    const resumed = transactions.resume();
    if (resumed !== undefined) {
      if (this.#isNew(text) && this.#isBad()) await resumed.rollBack('unhealthy');
      else await resumed.commit();
    }
    const running = (await this.#system.read(FILE)).toString();
    const current = await transactions.read(transactions.current!);
    if (current?.text !== running) await (await ledger.begin(this.#changeTo(running, 'started', true))).applied();
    if (!this.#isAsked && !this.#isEdited) await this.#change(ledger, transactions);
    const contents = this.#contents();
    await collect({ transactions, contents, storage: STORAGE, quota: 0, used: () => [], grace: 0, now: () => 1 });
    await this.#mustBeComplete((await this.#system.read(FILE)).toString());
  }

  /** What somebody asks for once. */
  async #change(ledger: InstanceType<typeof GenerationLedger>, transactions: Transactions): Promise<void> {
    this.#isAsked = true;
    const { release, change } = this.#schedule;
    const isSaved = change === 'saved by hand';
    // Without a probation, what is unhealthy shows while it is applied.
    const isRefused = release === 'refused' || (release === 'unhealthy' && change === 'configuration');
    if (release === 'tampered' && this.#new.contents.length > 0) return;
    await this.#keep(this.#new.contents, this.#contents());
    if (isSaved) {
      await this.#system.write(`${FILE}.new`, this.#new.text);
      await this.#system.sync(`${FILE}.new`);
      await this.#system.rename(`${FILE}.new`, FILE);
      await this.#system.sync('/site');
    }
    const transaction = await ledger.begin(this.#changeTo(this.#new.text, REASON, isSaved));
    await transaction.switch();
    await this.#mustBeComplete((await this.#system.read(FILE)).toString());
    if (release === 'crashing') throw new Ended('crashed while it was applied');
    if (isRefused) return void (await transaction.undo('not active in time'));
    await transaction.applied();
    if (change === 'runtime') throw new Ended('the new runtime is started');
    const probation = transactions.resume();
    if (release === 'unhealthy') await probation!.rollBack('unhealthy');
    else await probation?.commit();
  }

  async edit(): Promise<void> {
    const system = this.#disk.session();
    await system.write(`${FILE}.swp`, EDITED);
    await system.sync(`${FILE}.swp`);
    await system.rename(`${FILE}.swp`, FILE);
    await system.sync('/site');
    this.#isEdited = true;
  }

  async again(): Promise<void> {
    const settled = async (): Promise<void> => {
      try {
        await this.run();
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
        await settled();
      }
    };
    this.#isAsked = true;
    await settled();
    const text = (await this.#system.read(FILE)).toString();
    must(this.#isNew(text) || text === OLD, 'after a full disk neither the old nor the new runs');
    if (this.#isNew(text)) return;
    this.#isAsked = false;
    await settled();
    must(
      this.#isNew((await this.#system.read(FILE)).toString()),
      'after a full disk the change does not hold any more',
    );
  }

  async isTheirs(): Promise<boolean> {
    const { change, release } = this.#schedule;
    const journal = await Journal.open(this.#disk.session(), `${STORAGE}/journal`);
    const isOpen = journal.transactions().some(({ isFinal }) => !isFinal);
    return change === 'saved by hand' && release === 'crashing' && !isOpen;
  }

  /** Holds the end against what was promised. */
  async verdict(): Promise<string> {
    const { change, release, crashes } = this.#schedule;
    this.#system = this.#disk.session();
    const text = (await this.#system.read(FILE)).toString();
    await this.#mustBeComplete(text);
    const journal = await Journal.open(this.#system, `${STORAGE}/journal`);
    const current = (await this.#open()).transactions;
    const isNew = this.#isNew(text);
    must(isNew || text === (this.#isEdited ? EDITED : OLD), 'what runs is neither the old nor the new');
    const generation = await current.read(current.current!);
    const isLeft = change === 'saved by hand' && generation?.text === OLD && isNew;
    must(generation?.text === text || isLeft, 'the generation in force is not what the configuration says');
    const records = journal.records.filter(
      ({ id }) => journal.records.find((record) => record.id === id)?.reason === REASON,
    );
    const finals = records.filter(({ state }) => FINAL.includes(state)).map(({ state }) => state);
    must(new Set(records.map(({ id }) => id)).size <= 1, 'the change was made twice');
    must(records.length === 0 || finals.length === 1, `there are ${finals.length} verdicts: ${finals.join(', ')}`);
    const verdict = finals[0] ?? 'NEVER BEGUN';
    must(verdict !== 'SUPERSEDED' || this.#isEdited, 'nobody edited anything, and it was superseded');
    if (this.#isEdited) must(text === EDITED, 'what somebody wrote into the configuration was lost');
    if (this.#isEdited) return verdict;
    // A file that somebody saved is theirs: it is read anew at the next start whatever became of it before.
    if (change !== 'saved by hand')
      must((verdict === 'COMMITTED') === isNew, `the verdict is ${verdict}, and the ${isNew ? 'new' : 'old'} runs`);
    const isBad = release === 'unhealthy' || release === 'crashing' || release === 'refused';
    if (isBad && change !== 'saved by hand') must(!isNew, `a release that is ${release} was kept`);
    if (release === 'tampered' && this.#new.contents.length > 0) must(!isNew, 'a tampered release was kept');
    if (release === 'good' && crashes === 0) must(isNew && verdict === 'COMMITTED', 'a good release was lost');
    return verdict;
  }

  /** What a look at the health shows once it runs. */
  #isBad(): boolean {
    return this.#schedule.release === 'unhealthy' || this.#schedule.release === 'refused';
  }

  #isNew(text: string): boolean {
    return text === this.#new.text;
  }

  /** Every bundle that a configuration names lies in the store, to the last byte. */
  async #mustBeComplete(text: string): Promise<void> {
    let document: Document;
    try {
      document = JSON.parse(text) as Document;
    } catch (error) {
      throw new Violation(`the configuration is torn: ${String(error)}`);
    }
    const contents = this.#contents();
    for (const bundle of [A1, A2, RUNTIME, ...others]) {
      const digest = digestOf(bundle);
      if (!document.bundles.some((entry) => entry.digest === `sha256:${digest}`)) continue;
      const root = contents.folderOf(bundle.name, bundle.version, digest);
      for (const [path, content] of filesOf(bundle)) {
        const found = await this.#system.read(`${root}/${path}`).catch((error: unknown) => String(error));
        must(found.toString() === content, `${bundle.name} ${bundle.version} runs and is not complete: ${path}`);
      }
    }
  }

  async #keep(bundles: readonly Bundle[], contents: InstanceType<typeof ContentStore>): Promise<void> {
    const batch = contents.batch();
    for (const bundle of bundles) {
      const stage = batch.open();
      await this.#system.makeFolder(`${stage}/dist`);
      for (const [path, content] of filesOf(bundle)) await this.#system.write(`${stage}/${path}`, content);
      await batch.place(stage, { ...bundle, digest: digestOf(bundle) });
    }
    await batch.finish();
  }

  #contents(): InstanceType<typeof ContentStore> {
    return new ContentStore(`${STORAGE}/store`, this.#system);
  }

  async #open() {
    const system = this.#system;
    const transactions = await Transactions.open({ system, storage: STORAGE, file: FILE, now: () => new Date(0) });
    const ledger = new GenerationLedger({
      transactions,
      file: FILE,
      storage: STORAGE,
      contents: this.#contents(),
      runtime: () => ({ version: '1.0.0', node: '24.0.0' }),
      prover: {
        probation: ({ reason }) => (reason === REASON && this.#schedule.change !== 'configuration' ? 60_000 : 0),
        look: () => Promise.resolve({ failing: [], checks: [] }),
        watch: () => undefined,
        release: () => undefined,
        settle: () => Promise.resolve(undefined),
      },
    });
    return { transactions, ledger };
  }

  #changeTo(text: string, reason: string, isSaved: boolean): Change {
    const base = { text: OLD, revision: sha256(Buffer.from(OLD)) };
    const change = { reason, text, revision: sha256(Buffer.from(text)), base, isSaved, document: JSON.parse(text) };
    return change as unknown as Change;
  }
}
