import { dirname, resolve } from 'node:path';
import { RackwattError, errorMessage } from '../errors.js';
import type { Scope } from '../scope/index.js';
import {
  emptyDocument,
  judge,
  problemsAt,
  readStructure,
  usersOf,
  type SoundDocument,
  type Verdict,
} from './candidate.js';
import type { ConfigurationEdit, ConfigurationOutcome, ConfigurationProblem, ConfigurationSchema } from './contract.js';
import { NO_DIFFERENCE, difference, isEmpty, type ConfigurationDifference } from './difference.js';
import type { RuntimeDocument } from './document.js';
import { invalidFile, readContent, sentenceOf } from './disk.js';
import { editBytes } from './edit.js';
import { revisionOf } from './file.js';
import type { GenerationInfo } from './generations.js';
import type {
  ApplyResult,
  ConfigurationChange,
  ConfigurationStoreOptions,
  PreparedConfiguration,
  Proposal,
} from './hooks.js';
import { openParts, storageIn, type Parts } from './parts.js';
import { prepare, type SecretValue } from './secrets.js';
import { settledContent, watchFile } from './watch.js';
import { removeLeftovers, writeAtomically } from './write.js';

/** The document that the node runs, without the syntax tree, which is ten times as large. */
interface InForce {
  document: RuntimeDocument;
  /** As its author wrote it. */
  source: unknown;
  text: string;
  revision: string;
}

function inForce({ document, file }: SoundDocument): InForce {
  return { document, source: file.document, text: file.text, revision: file.revision };
}

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
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ConfigurationStoreOptions) {
    this.#options = options;
    this.file = resolve(options.file);
    this.home = dirname(this.file);
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
      this.#open(structure.document.framework.storage);
      return structure.document;
    });
  }

  /** No node runs with the document: from now on changes are checked and written, and nothing is applied. */
  forget(): void {
    this.#inForce = undefined;
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
  async propose(change: readonly ConfigurationEdit[] | string, options: { revision?: string } = {}): Promise<Proposal> {
    const content = await readContent(this.file);
    const base = { text: content.toString(), revision: revisionOf(content) };
    if (options.revision !== undefined && options.revision !== base.revision) {
      throw new RackwattError(
        'CONFIG_CHANGED_MEANWHILE',
        `${this.file} was changed by somebody else meanwhile; read it again and repeat the change`,
        {
          context: { file: this.file, expected: options.revision, found: base.revision },
        },
      );
    }
    const edited = typeof change === 'string' ? { ok: true as const, text: change } : editBytes(content, change);
    if (!edited.ok) return { problems: edited.problems, warnings: [], text: base.text, revision: base.revision, base };
    const parsed = await readStructure(edited.text);
    const revision = parsed.ok ? parsed.file.revision : parsed.revision;
    if (!parsed.ok) return { problems: parsed.problems, warnings: [], text: edited.text, revision, base };
    const sound = { file: parsed.file, document: parsed.document };
    return { ...(await this.#judge(sound, base.text)), text: edited.text, revision, base, sound };
  }

  /** Makes a proposed change: writes the file, applies the difference, and puts both back when the node cannot run with it. */
  async commit(proposal: Proposal, reason: string): Promise<ConfigurationChange> {
    return this.#serially(() => this.#commit(proposal, reason));
  }

  /** @throws CONFIG_CHANGED_MEANWHILE, CONFIG_WRITE */
  async edit(
    change: readonly ConfigurationEdit[] | string,
    options: { revision?: string; reason?: string } = {},
  ): Promise<ConfigurationOutcome> {
    return this.#serially(
      async () => (await this.#commit(await this.propose(change, options), options.reason ?? 'edited')).outcome,
    );
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
    scope.add('changes of the configuration', async () => void (await this.#queue));
    await watchFile(this.file, scope, look);
    // Whatever happened between loading and now.
    look();
  }

  /** Configurations of a document, ready for components: the one in force unless said otherwise. */
  async prepare(
    document: RuntimeDocument = this.document,
    pids: Iterable<string> = Object.keys(document.configurations),
  ): Promise<Map<string, PreparedConfiguration>> {
    const { secrets } = await this.#opened();
    return prepare(document, pids, secrets);
  }

  schemas(): Promise<readonly ConfigurationSchema[]> {
    return Promise.resolve(this.#options.hooks?.schemas?.() ?? []);
  }

  /** Newest first. */
  async generations(): Promise<GenerationInfo[]> {
    return (await this.#opened()).generations.list();
  }

  /** Keeps the document in force as a generation: once the node has come up with it. */
  async keepGeneration(reason: string): Promise<number> {
    const { text } = this.#loaded();
    return (await this.#opened()).generations.add(text, reason);
  }

  /** A change like any other, to the text of an earlier generation. @throws CONFIG_GENERATION */
  async rollback(number: number): Promise<ConfigurationOutcome> {
    const generation = await (await this.#opened()).generations.get(number);
    return this.edit(generation.text, { reason: `rollback to generation ${number}` });
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
      const result = await this.#apply({ ...NO_DIFFERENCE, configurationsChanged: users }, this.document);
      if (result.ok) return;
      await (old === undefined ? secrets.remove(name) : secrets.set(name, old));
      throw new RackwattError(
        'CONFIG_NOT_APPLIED',
        `the secret "${name}" stays as it was: ${result.problems[0]?.message ?? 'the node could not run with it'}`,
        {
          context: { name, problems: result.problems },
        },
      );
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

  async #commit(proposal: Proposal, reason: string): Promise<ConfigurationChange> {
    const { sound, base, text, revision, warnings } = proposal;
    const refused = (problems: ConfigurationProblem[]): ConfigurationChange => ({
      outcome: { applied: false, problems, warnings, revision: base.revision },
    });
    if (sound === undefined || proposal.problems.length > 0) return refused(proposal.problems);
    const write = (content: string, expected: string): Promise<void> =>
      writeAtomically(this.file, content, {
        expected,
        ...(this.#options.fileSystem === undefined ? {} : { fileSystem: this.#options.fileSystem }),
      });
    if (revision !== base.revision) {
      await write(text, base.revision);
      this.#seen = revision;
    }
    const change = difference(await this.#previous(base.text), sound.document);
    const result = await this.#apply(change, sound.document);
    if (result.ok) {
      await this.#enforce(sound, change, reason);
      return { outcome: { applied: true, problems: [], warnings, revision }, difference: change };
    }
    if (revision !== base.revision) await this.#putBack(write, base, revision);
    return refused(problemsAt(sound, result.problems));
  }

  async #putBack(
    write: (content: string, expected: string) => Promise<void>,
    base: Proposal['base'],
    revision: string,
  ): Promise<void> {
    try {
      await write(base.text, revision);
      this.#seen = base.revision;
    } catch (error) {
      if (!(error instanceof RackwattError) || error.code !== 'CONFIG_CHANGED_MEANWHILE') throw error;
      this.#options.log?.warn(
        { file: this.file },
        `a change could not be applied, and ${this.file} was changed meanwhile, so it is left as it is`,
      );
    }
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
    const change = structure.ok
      ? await this.#take({ file: structure.file, document: structure.document })
      : this.#refuse(structure.problems, revision);
    onChange?.(change);
  }

  async #take(sound: SoundDocument): Promise<ConfigurationChange> {
    const { revision } = sound.file;
    const verdict = await this.#judge(sound, sound.file.text);
    this.#warn(verdict.warnings);
    if (verdict.problems.length > 0) return this.#refuse(verdict.problems, revision);
    const result = await this.#apply(verdict.difference, sound.document);
    if (!result.ok) return this.#refuse(problemsAt(sound, result.problems), revision);
    await this.#enforce(sound, verdict.difference, 'saved by hand');
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
      schemas: await this.schemas(),
      secrets: new Set(await secrets.list()),
      previous: await this.#previous(base),
    });
  }

  async #apply(change: ConfigurationDifference, document: RuntimeDocument): Promise<ApplyResult> {
    if (isEmpty(change) || this.#inForce === undefined || this.#options.hooks?.apply === undefined) return { ok: true };
    try {
      return await this.#options.hooks.apply(change, document);
    } catch (error) {
      return { ok: false, problems: [{ message: `the change could not be applied: ${errorMessage(error)}` }] };
    }
  }

  async #enforce(sound: SoundDocument, change: ConfigurationDifference, reason: string): Promise<void> {
    if (this.#inForce === undefined) return;
    this.#inForce = inForce(sound);
    if (isEmpty(change)) return;
    try {
      await (await this.#opened()).generations.add(sound.file.text, reason);
    } catch (error) {
      this.#options.log?.warn(
        { file: this.file },
        `the configuration is in force but could not be kept as a generation: ${errorMessage(error)}`,
      );
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
    const result = this.#queue.then(work);
    this.#queue = result.catch((reported: unknown) => void reported);
    return result;
  }
}
