import { createHash } from 'node:crypto';
import { RackwattError } from '../../errors.js';

/** One file of a bundle; paths are relative to the bundle, with forward slashes. */
export interface BundleFile {
  path: string;
  content: Buffer;
  /** Absent: 0644. */
  mode?: FileMode;
}

export type FileMode = '0644' | '0755';

/** What one archive may cost before it is refused. */
export interface Budget {
  /** Bytes of the archive. */
  archive: number;
  /** Bytes of its tar. */
  unpacked: number;
  files: number;
  /** Bytes of one file. */
  file: number;
  /** Bytes of its manifest, and of each file that is read rather than copied. */
  manifest: number;
}

export const BUDGET: Budget = {
  archive: 64 << 20,
  unpacked: 256 << 20,
  files: 5_000,
  file: 64 << 20,
  manifest: 4 << 20,
};
/** Of the runtime, which brings its Node along. */
const RUNTIME_BUDGET: Budget = {
  archive: 192 << 20,
  unpacked: 512 << 20,
  files: 10_000,
  file: 256 << 20,
  manifest: 4 << 20,
};

/** The name under which the runtime itself is packed. No bundle has it. */
export const RUNTIME_NAME = 'rackwatt';

/** Absent: what is known of no name yet may cost. */
export function budgetOf(name?: string): Budget {
  return name === undefined || name === RUNTIME_NAME ? RUNTIME_BUDGET : BUDGET;
}

/** The signed manifest, in front of an archive and in the folder of an installed bundle. */
export const MANIFEST_FILE = 'rackwatt.manifest.json';
/** The list of what a bundle is made of. */
export const SBOM_FILE = 'sbom.cdx.json';

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function invalid(name: string, what: string, cause?: unknown): RackwattError {
  return new RackwattError('ARCHIVE_INVALID', `${name} ${what}`, { cause });
}

export function incomplete(name: string, what: string, cause?: unknown): RackwattError {
  return new RackwattError('ARCHIVE_INCOMPLETE', `${name} ${what}`, { cause });
}

export function tooLarge(name: string, what: string): RackwattError {
  return new RackwattError('ARCHIVE_TOO_LARGE', `${name} ${what}`);
}

/** By code units, as every machine sorts them. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
