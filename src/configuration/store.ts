import { dirname, resolve } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import type { Scope } from '../scope/index.js';
import {
  edited,
  emptyDocument,
  judge,
  problemsAt,
  readStructure,
  usersOf,
  type SoundDocument,
  type Verdict,
} from './candidate.js';
import type { ConfigurationOutcome, ConfigurationProblem, ConfigurationSchema } from './contract.js';
import { NO_DIFFERENCE, difference, isEmpty } from './difference.js';
import type { RuntimeDocument } from './document.js';
import { invalidFile, readContent, sentenceOf } from './disk.js';
import { revisionOf } from './file.js';
import { fileAlone, type Change, type Generations, type GenerationInfo } from './generations.js';
import type {
  ApplyResult,
  ConfigurationChange,
  ConfigurationHooks,
  ConfigurationStoreOptions,
  Editing,
  EditOptions,
  HowToChange,
  PreparedConfiguration,
  Proposal,
} from './hooks.js';
import { inForce, type InForce } from './in-force.js';
import { openParts, storageIn, type Parts } from './parts.js';
import { prepare, secretRefused, type SecretValue } from './secrets.js';
import { settledContent, watchFile } from './watch.js';
import { changedMeanwhile, removeLeftovers } from './write.js';

/**
 * Owns `runtime.config.json`, the only truth of a node: every change, by call or by saving the file, is a transaction
 * (parse, structure, schemas, apply) that holds whole or not at all. One at a time.
 */
export class ConfigurationStore {
  readonly file: string;
  /** Folder of the file. */
  readonly home: string;
  readonly #options: ConfigurationStoreOptions;
  #inForce: InForce | undefined;
  /** Revision of the file that was last dealt with; ours, or one that was refused. */
  #seen: string | undefined;
  #parts: Parts | undefined;
  #generations: Generations;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigurationStoreOptions) {
    this.#options = options;
    this.file = resolve(options.file);
    this.home = dirname(this.file);
    this.#generations = fileAlone(this.file);
  }

  /** The document in force. @throws CONFIG_NOT_LOADED */
  get document(): RuntimeDocument {
    return this.#loaded().document;
  }

  /** Revision of the document in force; the file may hold a later one that was refused. @throws CONFIG_NOT_LOADED */
  get revision(): string {
    return this.#loaded().revision;
  }

  /** Folder of everything that the node writes. @throws CONFIG_NOT_LOADED */
  get storage(): string {
    this.#loaded();
    return this.#parts!.storage;
  }

  /**
   * Reads the file when the node starts. Its configurations are not held against schemas yet: no bundle is there to ask.
   * @throws CONFIG_READ, CONFIG_INVALID
   */
  async load(): Promise<RuntimeDocument> {
    return this.#serially(async () => {
      const content = await readContent(this.file);
      const structure = await readStructure(content);
      if (!structure.ok) throw invalidFile(this.file, structure.problems);
      this.#inForce = inForce(structure);
      await removeLeftovers(this.file);
      this.#seen = structure.file.revision;
      const { storage } = this.#open(structure.document.framework.storage);
      this.#generations = (await this.#options.generations?.(storage)) ?? this.#generations;
      return structure.document;
    });
  }

  /** No node runs with the document: from now on changes are checked and written, and nothing is applied. */
  forget(): void {
    this.#inForce = undefined;
    this.#generations = fileAlone(this.file);
  }

  /** The file as it stands. `document` is the one in force while the file does not parse. */
  async read(): Promise<{ text: string; revision: string; document: unknown }> {
    const content = await readContent(this.file);
    const structure = await readStructure(content);
    const document = structure.file === undefined ? this.#inForce?.source : structure.file.document;
    if (document === undefined) throw invalidFile(this.file, structure.ok ? [] : structure.problems);
    return { text: content.toString(), revision: revisionOf(content), document };
  }

  /** Looks at a change without making it: edits of the file as it stands, or a whole new text. @throws CONFIG_CHANGED_MEANWHILE */
  async propose(change: Editing, options: { revision?: string } = {}): Promise<Proposal> {
    const content = await readContent(this.file);
    const base = { text: content.toString(), revision: revisionOf(content) };
    if (options.revision !== undefined && options.revision !== base.revision) throw changedMeanwhile(this.file);
    const next = await edited(content, change);
    if (!next.ok) return { problems: next.problems, warnings: [], text: base.text, revision: base.revision, base };
    const sound = await readStructure(next.text);
    if (!sound.ok) return { problems: sound.problems, warnings: [], text: next.text, revision: sound.revision, base };
    return { ...(await this.#judge(sound, base.text)), text: next.text, revision: sound.file.revision, base, sound };
  }

  /** Makes a proposed change: writes the file, applies the difference, and puts both back when the node cannot run with it. */
  async commit(proposal: Proposal, reason: string): Promise<ConfigurationChange> {
    return this.#serially(() => this.#commit(proposal, { reason }));
  }

  /** @throws CONFIG_CHANGED_MEANWHILE, CONFIG_WRITE, TRANSACTION_RUNNING, STORE_WRITE, the reason of the signal */
  async edit(change: Editing, options: EditOptions = {}): Promise<ConfigurationOutcome> {
    const { revision, ...rest } = options;
    return this.#serially(async () => {
      const expected = typeof revision === 'function' ? revision() : revision;
      const proposal = await this.propose(change, expected === undefined ? {} : { revision: expected });
      return (await this.#commit(proposal, { reason: 'edited', ...rest })).outcome;
    });
  }

  /** What is wrong with the file as it stands, now that the bundles are there. */
  async check(): Promise<{ problems: ConfigurationProblem[]; warnings: ConfigurationProblem[] }> {
    const { problems, warnings } = await this.propose([]);
    return { problems, warnings };
  }

  /** Follows what others do to the file until the scope closes. */
  async watch(scope: Scope, onChange?: (change: ConfigurationChange) => void): Promise<void> {
    const look = (): void => {
      void this.#serially(() => this.#reload(scope, onChange)).catch((error: unknown) => {
        this.#options.log?.error(
          { file: this.file },
          `${this.file} was changed and could not be taken: ${errorMessage(error)}`,
        );
      });
    };
    // A change that is under way when the scope closes comes to its end.
    scope.add('changes of the configuration', () => this.idle());
    await watchFile(this.file, scope, look);
    // Whatever happened between loading and now.
    look();
  }

  /** Settles when the changes so far have come to their end. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  /** Configurations of a document, ready for components: the one in force unless said otherwise. */
  async prepare(
    document: RuntimeDocument = this.document,
    pids: Iterable<string> = Object.keys(document.configurations),
  ): Promise<Map<string, PreparedConfiguration>> {
    const { secrets } = await this.#opened();
    return prepare(document, pids, secrets);
  }

  schemas(document?: RuntimeDocument): Promise<readonly ConfigurationSchema[]> {
    return Promise.resolve(this.#options.hooks?.schemas?.(document) ?? []);
  }

  /** Newest first. */
  generations(): Promise<GenerationInfo[]> {
    return this.#generations.list();
  }

  /** Keeps the document in force as a generation, unless it is one: once the node has come up with it. */
  async keepGeneration(reason: string): Promise<void> {
    await this.#serially(async () => {
      const { text, revision, document } = this.#loaded();
      const current = (await this.#generations.list()).find(
        ({ state }) => state === 'in force' || state === 'on probation',
      );
      if (current?.revision === revision) return;
      const base = { text, revision };
      const change = { reason, text, revision, document, base, difference: NO_DIFFERENCE, isSaved: true };
      await (await this.#generations.begin(change)).applied();
    });
  }

  /**
   * Takes back what is in force: an earlier document comes back, in the file by `undo` and in the node.
   * @param undo gives false when somebody edited the file meanwhile; then everything stays as it is
   */
  async revert(text: string, undo: () => Promise<boolean>): Promise<ApplyResult> {
    return this.#serially(async () => {
      const structure = await readStructure(text);
      if (!structure.ok) throw invalidFile(this.file, structure.problems);
      if (!(await undo())) return { ok: true };
      this.#seen = structure.file.revision;
      const result = await this.#apply(difference(this.document, structure.document), structure.document);
      this.#inForce = inForce(structure);
      return result;
    });
  }

  /** A change like any other, to the text of an earlier generation. @throws CONFIG_GENERATION */
  async rollback(number: number): Promise<ConfigurationOutcome> {
    return this.edit((await this.#generations.get(number)).text, { reason: `rollback to generation ${number}` });
  }

  async secrets(): Promise<string[]> {
    return (await this.#opened()).secrets.list();
  }

  /** Keeps a secret and hands it to the components that refer to it. @throws CONFIG_NOT_APPLIED, with the old value kept */
  async setSecret(name: string, value: SecretValue): Promise<void> {
    await this.#serially(async () => {
      const { secrets } = await this.#opened();
      const old = await secrets.getIfSound(name);
      await secrets.set(name, value);
      const users = this.#inForce === undefined ? [] : usersOf(name, this.#inForce.document);
      if (users.length === 0) return;
      const back = async (): Promise<void> =>
        void (await (old === undefined ? secrets.remove(name) : secrets.set(name, old)));
      const result = await this.#apply({ ...NO_DIFFERENCE, configurationsChanged: users }, this.document, back);
      if (result.ok) return;
      await back();
      throw secretRefused(name, result.problems);
    });
  }

  /** @returns whether it was there. @throws SECRET_IN_USE */
  async removeSecret(name: string): Promise<boolean> {
    return this.#serially(async () => {
      const { secrets } = await this.#opened();
      const document = (this.#inForce ?? (await this.#soundFile()))?.document;
      const users = document === undefined ? [] : usersOf(name, document);
      if (users.length === 0) return secrets.remove(name);
      throw new RackwattError(
        'SECRET_IN_USE',
        `the secret "${name}" stays, because configuration ${users.join(', ')} refers to it`,
        { context: { name, users } },
      );
    });
  }

  async #commit(proposal: Proposal, options: HowToChange): Promise<ConfigurationChange> {
    const { sound, base, revision, warnings } = proposal;
    const refused = (problems: ConfigurationProblem[], undone: { undone?: true } = {}): ConfigurationChange => ({
      outcome: { applied: false, problems, warnings, ...undone, revision: base.revision },
    });
    if (sound === undefined || proposal.problems.length > 0) return refused(proposal.problems);
    const change = difference(await this.#previous(base.text), sound.document);
    if (revision === base.revision && isEmpty(change))
      return { outcome: { applied: true, problems: [], warnings, revision } };
    // A saved file that was refused is tried again.
    const isSaved = revision === base.revision;
    const before = isSaved && this.#inForce !== undefined ? this.#inForce : base;
    const result = await this.#make(sound, { ...options, base: before, difference: change, isSaved });
    if (!result.ok) return refused(problemsAt(sound, result.problems), { undone: true });
    return { outcome: { applied: true, problems: [], warnings, revision }, difference: change };
  }

  /** The one way in which a document comes into force while a node runs. */
  async #make(sound: SoundDocument, how: Omit<Change, 'document' | 'text' | 'revision'>): Promise<ApplyResult> {
    const { text, revision } = sound.file;
    const transaction = await this.#generations.begin({ ...how, document: sound.document, text, revision });
    await transaction.switch();
    this.#seen = revision;
    const result = await this.#apply(how.difference, sound.document);
    let failure: unknown;
    if (result.ok) {
      try {
        await transaction.applied();
        if (this.#inForce !== undefined) this.#inForce = inForce(sound);
        return result;
      } catch (error) {
        failure = error;
        const previous = await this.#previous(how.base.text);
        await this.#apply(difference(sound.document, previous), previous);
      }
    }
    const why = result.ok ? errorMessage(failure) : (result.problems[0]?.message ?? 'the node could not run with it');
    if (!(await transaction.undo(why)))
      this.#options.log?.warn(
        { file: this.file },
        `a change failed, and ${this.file}, edited meanwhile, is left as it is`,
      );
    else if (!how.isSaved) this.#seen = how.base.revision;
    if (result.ok) throw failure;
    return result;
  }

  async #reload(scope: Scope, onChange: ((change: ConfigurationChange) => void) | undefined): Promise<void> {
    const content = await settledContent(this.file, this.#seen, scope.signal);
    if (scope.closed) return;
    if (content === undefined) {
      if (this.#seen !== undefined)
        this.#options.log?.error(
          { file: this.file },
          `${this.file} is gone; the node goes on with the configuration in force`,
        );
      this.#seen = undefined;
      return;
    }
    const revision = revisionOf(content);
    if (revision === this.#seen) return;
    this.#seen = revision;
    const structure = await readStructure(content);
    const change = structure.ok ? await this.#take(structure) : this.#refuse(structure.problems, revision);
    onChange?.(change);
  }

  async #take(sound: SoundDocument): Promise<ConfigurationChange> {
    const { revision } = sound.file;
    const verdict = await this.#judge(sound, sound.file.text);
    this.#warn(verdict.warnings);
    if (verdict.problems.length > 0) return this.#refuse(verdict.problems, revision);
    const base = this.#loaded();
    const how = { reason: 'saved by hand', base, difference: verdict.difference, isSaved: true };
    const result = revision === base.revision ? { ok: true as const } : await this.#make(sound, how);
    if (!result.ok) return this.#refuse(problemsAt(sound, result.problems), revision);
    this.#options.log?.info(
      { file: this.file, difference: verdict.difference },
      `${this.file} was changed and is in force`,
    );
    return {
      outcome: { applied: true, problems: [], warnings: verdict.warnings, revision },
      difference: verdict.difference,
    };
  }

  #refuse(problems: ConfigurationProblem[], revision: string): ConfigurationChange {
    this.#options.log?.error({ file: this.file, problems }, `${sentenceOf(this.file, problems)}; nothing was changed`);
    return { outcome: { applied: false, problems, revision } };
  }

  #warn(warnings: readonly ConfigurationProblem[]): void {
    for (const { line, column, message } of warnings)
      this.#options.log?.warn({ file: this.file, line, column }, `${this.file}:${line}:${column}: ${message}`);
  }

  async #judge(sound: SoundDocument, base: string): Promise<Verdict> {
    const { secrets } = await this.#opened();
    return judge(sound, {
      schemas: await this.schemas(sound.document),
      secrets: new Set(await secrets.list()),
      previous: await this.#previous(base),
    });
  }

  async #apply(...change: Parameters<NonNullable<ConfigurationHooks['apply']>>): Promise<ApplyResult> {
    if (isEmpty(change[0]) || this.#inForce === undefined || this.#options.hooks?.apply === undefined)
      return { ok: true };
    try {
      return await this.#options.hooks.apply(...change);
    } catch (error) {
      return { ok: false, problems: [{ message: `the change could not be applied: ${errorMessage(error)}` }] };
    }
  }

  /** What a change is measured against: the document in force; without a running node, the file before the change. */
  async #previous(base: string): Promise<RuntimeDocument> {
    if (this.#inForce !== undefined) return this.#inForce.document;
    const structure = await readStructure(base);
    return structure.ok ? structure.document : emptyDocument();
  }

  async #soundFile(): Promise<SoundDocument | undefined> {
    const structure = await readStructure(await readContent(this.file));
    return structure.ok ? structure : undefined;
  }

  /** Without a loaded document (a command while no node runs) the storage is read from the file, sound or not. */
  async #opened(): Promise<Parts> {
    return this.#parts ?? this.#open(await storageIn(this.file));
  }

  #open(folder: string): Parts {
    return (this.#parts ??= openParts(resolve(this.home, folder), this.#options.environment));
  }

  #loaded(): InForce {
    if (this.#inForce !== undefined) return this.#inForce;
    throw new RackwattError('CONFIG_NOT_LOADED', `${this.file} is not loaded yet`, { context: { file: this.file } });
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work).finally(() => this.#options.hooks?.settled?.());
    this.#queue = result.catch((reported: unknown) => void reported);
    return result;
  }
}
