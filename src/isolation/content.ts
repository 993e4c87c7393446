import type { Revision, RevisionSource } from '../bundle/index.js';
import type {
  ComponentDefinition,
  ComponentDescription,
  ConfigurationDescription,
  ReferenceDescription,
} from '../component/index.js';
import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import type { Loaded } from './protocol.js';

/** Runs in place, unpacked: its packages lie beside it, and may have to be transformed. */
export function isFolder(source: RevisionSource): boolean {
  return source.digest === undefined;
}

/** As much of a component's definition as its description tells: its code is elsewhere. */
export function definitionOf({
  provides,
  references,
  configuration,
  ...rest
}: ComponentDescription): ComponentDefinition {
  const named = (id: string) => ({ id }) as Contract<unknown>;
  return {
    options: {
      ...rest,
      provides: provides.map(named),
      references: Object.fromEntries(
        Object.entries(references).map(([key, reference]) => [
          key,
          { ...reference, contract: named(reference.contract) } as ReferenceDescription,
        ]),
      ),
      configuration: { ...configuration, pid: configuration.pids ?? configuration.pid } as ConfigurationDescription,
      activate: () => undefined,
    },
  };
}

const providers = (revision: Revision): Revision[] =>
  (revision.wiring?.requiredWires() ?? []).flatMap(({ provider }) => provider ?? []);

/** The bundles to which a revision is wired, and those to which they are, each once. */
export function providersOf(revision: Revision): RevisionSource[] {
  const found = new Set<Revision>();
  const open = [...providers(revision)];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next === revision || found.has(next)) continue;
    found.add(next);
    open.push(...providers(next));
  }
  return Array.from(found, ({ source }) => source);
}

/** @throws `ISOLATION_LOCAL` */
export function refuseLocal(bundle: string, kind: string, { local }: Loaded): void {
  const [first] = local;
  if (!first) return;
  throw new RackwattError(
    'ISOLATION_LOCAL',
    `bundle ${bundle} cannot run in a ${kind}: its component ${first.component} ${first.provides ? 'provides' : 'needs'} a contract that cannot cross: ${first.why}; run it with "isolation": "space"`,
    { context: { bundle, component: first.component, contract: first.contract } },
  );
}
