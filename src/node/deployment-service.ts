import { isAbsolute } from 'node:path';
import type { BundleEntry, ConfigurationStore } from '../configuration/index.js';
import type { RevisionSource } from '../bundle/index.js';
import type { Deployment, DeploymentChange } from '../deployment/index.js';
import { RackwattError } from '../errors.js';
import type { Changes } from './changes.js';
import type { Installation } from './installation.js';

export interface DeploymentServiceOptions {
  installation: Installation;
  changes(): Changes;
  configuration: ConfigurationStore;
  /** What was installed by the configuration. */
  configured(): Iterable<{ entry: BundleEntry; source: RevisionSource }>;
  /** Aborts when the node stops. */
  stopping: AbortSignal;
}

/** Characters of a reason: it stands in the journal several times. */
const LONGEST = 500;

/** Changes of what runs, for bundles. */
export function deploymentService(options: DeploymentServiceOptions): Deployment {
  const { installation, changes, configuration, configured, stopping } = options;
  return {
    async apply(change, signal) {
      const cancelled = AbortSignal.any(signal === undefined ? [stopping] : [signal, stopping]);
      const { id } = await installation.apply(parseChange(change), cancelled);
      return changes().info(id);
    },
    history: async () => changes().history(),
    async rollBack(id, why) {
      if (typeof id !== 'string' || !isReason(why))
        throw usage('a rollback wants the id of a change and why, as texts');
      return changes().rollBack(id, why);
    },
    current: async () => ({
      generation: changes().generation,
      bundles: [...configured()].map(({ entry, source: { manifest, location } }) => ({
        name: manifest.name,
        version: manifest.version,
        location,
        ...(entry.digest === undefined ? {} : { digest: entry.digest }),
      })),
      configurations: structuredClone(configuration.document.configurations),
    }),
  };
}

/** What a bundle sent, which may be anything. @throws `USAGE` */
function parseChange(given: DeploymentChange): DeploymentChange {
  if (!isObject(given)) throw usage('a change is an object with a "reason"');
  const { reason, archives = [], remove = [], configurations = {}, probation } = given as Partial<DeploymentChange>;
  if (!isReason(reason)) throw usage(`a change wants a "reason", a text of 1 to ${LONGEST} characters`);
  if (!Array.isArray(archives)) throw usage('"archives" of a change is a list');
  if (!Array.isArray(remove) || !remove.every((name) => typeof name === 'string'))
    throw usage('"remove" of a change is a list of names of bundles');
  if (!isObject(configurations) || !Object.values(configurations).every((value) => value === null || isObject(value)))
    throw usage('"configurations" of a change gives, by PID, an object or null');
  if (probation !== undefined && !(Number.isFinite(probation) && probation >= 0))
    throw usage('"probation" of a change is a number of milliseconds');
  return {
    reason,
    archives: archives.map(parseArchive),
    remove,
    configurations,
    ...(probation === undefined ? {} : { probation }),
  };
}

function parseArchive(given: unknown): NonNullable<DeploymentChange['archives']>[number] {
  const { file, expect = {} } = isObject(given) ? given : {};
  if (typeof file !== 'string' || !isAbsolute(file))
    throw usage('an archive of a change is a "file", an absolute path');
  if (!isObject(expect)) throw usage('"expect" of an archive is an object');
  const { name, version, digest } = expect;
  const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';
  if (!isText(name) || !isText(version) || !isText(digest))
    throw usage('"expect" of an archive may give a name, a version and a digest, as texts');
  return {
    file,
    expect: {
      ...(name === undefined ? {} : { name }),
      ...(version === undefined ? {} : { version }),
      ...(digest === undefined ? {} : { digest: digest.replace(/^sha256:/, '') }),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST;
}

function usage(message: string): RackwattError {
  return new RackwattError('USAGE', message);
}
