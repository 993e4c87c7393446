import type { ServiceOwner } from '../registry/index.js';
import type { BundleInfo, BundleState } from './contract.js';
import type { EntrySearch } from './entries.js';
import type { Manifest } from './manifest.js';

/**
 * A bundle as other bundles see it; the container's own has id 0. The same object for as long as the bundle is installed, and
 * afterwards what it was last. What is installed and what runs says the configuration of the node.
 */
export interface BundleView extends ServiceOwner {
  readonly version: string;
  readonly state: BundleState;
  /** Where its content comes from: `link:...`, `store:...`, `platform:...`, `dropins:...` */
  readonly location: string;
  readonly startLevel: number;
  /** Whether it is to run whenever the start level allows; survives stops caused by the start level. */
  readonly autostart: boolean;
  /** What the package.json of its present content says. */
  readonly manifest: Manifest;
  /** All of it as plain data. */
  info(): BundleInfo;
  /** Absolute path of a file or folder of its content, resolved or not; undefined when it is not there, or leads out of the bundle. */
  entry(path: string): string | undefined;
  /** Paths of the files in its content, relative to it, sorted; `node_modules` apart. Empty when there are none. */
  entries(search?: EntrySearch): string[];
}
