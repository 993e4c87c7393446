/** A plain model of registry and Declarative Services: no events, no order, only what must be so once all is quiet. */

export interface ModelReference {
  /** Number of the contract. */
  contract: number;
  cardinality: '1..1' | '0..1' | '0..n' | '1..n';
  dynamic: boolean;
  /** Follows better and further services; without it, which of them it holds depends on the past. */
  greedy: boolean;
  room?: string;
}

export interface ModelComponent {
  /** Also its PID; unique in the container. */
  name: string;
  provides?: number;
  room: string;
  ranking: number;
  /** References by position: `r0`, `r1`. */
  references: readonly ModelReference[];
  requiresConfiguration: boolean;
}

export interface ModelService {
  who: string;
  contract: number;
  room: string;
  ranking: number;
}

/** What a configuration says of references. */
export interface ModelConfiguration {
  room?: string;
  minimum?: number;
}

/** By the component's name: whether it is up, and who is bound to its references. */
export type ModelState = Record<string, { active: boolean; bound: string[][] }>;

export interface ModelWorld {
  services: readonly ModelService[];
  /** Components of started bundles. */
  components: readonly ModelComponent[];
  configurations: ReadonlyMap<string, ModelConfiguration>;
}

/** What must be so: components refer only to contracts of a lower number than they provide, so each is looked at once. */
export function expected({ services, components, configurations }: ModelWorld): ModelState {
  const there = [...services];
  const state: ModelState = {};
  const level = ({ provides }: ModelComponent): number => provides ?? Infinity;
  for (const component of [...components].sort((a, b) => level(a) - level(b))) {
    const configuration = configurations.get(component.name);
    const found = component.references.map((reference) => candidates(reference, configuration, there));
    const active =
      (!component.requiresConfiguration || configuration !== undefined) &&
      component.references.every((reference, i) => found[i]!.length >= minimum(reference, configuration));
    state[component.name] = {
      active,
      bound: active
        ? component.references.map(({ cardinality }, i) =>
            cardinality.endsWith('n') ? found[i]! : found[i]!.slice(0, 1),
          )
        : component.references.map(() => []),
    };
    const { name: who, provides, room, ranking } = component;
    if (active && provides !== undefined) there.push({ who, contract: provides, room, ranking });
  }
  return state;
}

/** Who may be bound to a reference, best first. Rankings differ, so that no age is needed. */
export function candidates(
  { contract, room }: ModelReference,
  configuration: ModelConfiguration | undefined,
  services: readonly ModelService[],
): string[] {
  const wanted = configuration?.room ?? room;
  return services
    .filter((service) => service.contract === contract && (wanted === undefined || service.room === wanted))
    .sort((a, b) => b.ranking - a.ranking)
    .map(({ who }) => who);
}

export function minimum({ cardinality }: ModelReference, configuration: ModelConfiguration | undefined): number {
  const declared = cardinality.startsWith('1') ? 1 : 0;
  const raised = configuration?.minimum ?? 0;
  return raised > declared && (raised === 1 || cardinality.endsWith('n')) ? raised : declared;
}
