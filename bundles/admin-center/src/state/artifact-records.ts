import type { Audit, Deed } from './audit.js';
import type { Database } from './database.js';

/** An archive that gateways can be told to run. */
export interface ArtifactRow {
  /** Of the file, in hex. */
  sha256: string;
  name: string;
  version: string;
  /** sha256 of the content, the same whoever signs. */
  digest: string;
  /** Bytes of the file. */
  size: number;
  /** Signatures that it has; whose, each gateway looks at by its own trust. */
  signatures: number;
  /** ms since 1970. */
  added: number;
  actor: string;
}

/** What the center knows of the archives that it keeps. */
export class ArtifactRecords {
  readonly #database: Database;
  readonly #audit: Audit;

  constructor(database: Database, audit: Audit) {
    this.#database = database;
    this.#audit = audit;
  }

  /** Adding what is there changes nothing. */
  add(artifact: Omit<ArtifactRow, 'added' | 'actor'>, deed: Deed): ArtifactRow {
    const { sha256, name, version, digest, size, signatures } = artifact;
    return this.#database.transaction(() => {
      const isNew = this.#database.run(
        'INSERT OR IGNORE INTO artifact VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        sha256,
        name,
        version,
        digest,
        size,
        signatures,
        deed.now,
        deed.actor,
      );
      if (isNew > 0) this.#audit.append(deed, 'artifact.add', sha256, `${name} ${version}`);
      return this.get(sha256)!;
    });
  }

  get(sha256: string): ArtifactRow | undefined {
    return this.#database.one('SELECT * FROM artifact WHERE sha256 = ?', sha256);
  }

  /** The newest first. */
  list(): ArtifactRow[] {
    return this.#database.all('SELECT * FROM artifact ORDER BY added DESC, sha256');
  }

  /** Those of one name and version, the newest first. */
  named(name: string, version: string): ArtifactRow[] {
    return this.#database.all(
      'SELECT * FROM artifact WHERE name = ? AND version = ? ORDER BY added DESC, sha256',
      name,
      version,
    );
  }
}
