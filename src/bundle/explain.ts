import type { Bundle } from './bundle.js';
import type { BundleState } from './contract.js';
import { lacking, reasonsOf, wanted } from './resolution.js';
import { type Requirement, wordsOfCapability } from './requirement.js';
import type { Revision } from './revision.js';
import type { Wirings } from './wirings.js';

/** One thing that a bundle needs, and how it stands with it. */
export interface RequirementInfo {
  /** `rackwatt.contract`, `rackwatt.engine`, `rackwatt.platform` ..., or one of a bundle's. */
  namespace: string;
  /** `@acme/api ^2.0.0`, `node >=24`, `os linux`, `acme.bus (bus=rs485)` */
  wanted: string;
  optional: boolean;
  /**
   * `wired`; `available`: it will be wired when the bundle is resolved, or at the next refresh when it is optional; `unresolved`: those who
   * have it do not resolve; `missing`: nobody has it; `later`: it does not count for resolving.
   */
  state: 'wired' | 'available' | 'unresolved' | 'missing' | 'later';
  /** To whom it is wired: `@acme/api 2.1.0`, `the container`. */
  provider?: string;
  /** What there is of that name or in that namespace, fit or not. */
  found: string[];
  /** What is wrong, when it is missing: `installed is 1.4.0`. */
  detail?: string;
}

/** Why a bundle is in its state. */
export interface BundleExplanation {
  name: string;
  version: string;
  state: BundleState;
  /** In one sentence. */
  reason: string;
  /** From the bundle to what nobody has, a sentence each; empty when it resolves. */
  chain: string[];
  /** All that it needs, in the order of its manifest. */
  requirements: RequirementInfo[];
}

/** What `rackwatt bundle why` tells. Of a drop-in that is not taken there is no more than its name, state and reason. */
export type BundleWhy =
  | (BundleExplanation & {
      /** Those that are not active. */
      components: { name: string; state: string; reasons: string[] }[];
      /** What is to be said of drop-ins of the bundle that do not run. */
      dropIns: string[];
    })
  | { name: string; state: 'QUARANTINED'; reason: string };

/** Says how it stands with a bundle, and changes nothing. */
export function explainBundle(bundle: Bundle, wirings: Wirings): BundleExplanation {
  const { name, version, state, revision } = bundle;
  const failure = revision.wiring ? undefined : wirings.find([revision]).failure;
  const sentences = failure ? reasonsOf(failure, wirings) : [];
  const chain = sentences.map((sentence, at) => {
    const { manifest } = failure![at]!.resource as Revision;
    return `${manifest.name} ${manifest.version}: ${sentence}`;
  });
  const reason =
    state === 'ACTIVE'
      ? 'it is active'
      : sentences[0] !== undefined
        ? `it does not resolve: ${sentences[0]}`
        : (bundle.reason ??
          (bundle.autostart ? `it waits for its start level, ${bundle.startLevel}` : 'nobody started it'));
  return {
    name,
    version,
    state,
    reason,
    chain,
    requirements: revision.requirements.map((requirement) => infoOf(requirement, revision, wirings)),
  };
}

function infoOf(requirement: Requirement, revision: Revision, wirings: Wirings): RequirementInfo {
  const { namespace, optional, effective } = requirement;
  const near = wirings.near(requirement);
  const info = { namespace, wanted: wanted(requirement), optional, found: near.map(wordsOfCapability) };
  const wire = revision.wiring?.requiredWires(namespace).find((each) => each.requirement === requirement);
  if (wire) {
    const manifest = wire.provider?.manifest;
    return { ...info, state: 'wired', provider: manifest ? `${manifest.name} ${manifest.version}` : 'the container' };
  }
  if (effective !== 'resolve') return { ...info, state: 'later' };
  const candidates = wirings.candidates(requirement);
  if (candidates.length === 0) return { ...info, state: 'missing', detail: lacking(requirement, near) };
  const can = candidates.some(({ resource }) => wirings.find([resource]).failure === undefined);
  return { ...info, state: can ? 'available' : 'unresolved' };
}
