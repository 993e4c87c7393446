import { RackwattError } from '../../errors.js';
import type { Contract } from '../../registry/contract.js';
import { ServiceRegistry, type ContractKey, type RegistryOptions } from '../../registry/index.js';
import { whyLocal } from '../errors.js';

/** Told of what the bundle asks for, once for each contract. */
export type ContractListener = (contract: Contract<unknown>) => void;

/**
 * The services of a child container: those of its bundle, and those of the node that the bundle asked for. It holds back
 * what cannot cross.
 */
export class ChildRegistry extends ServiceRegistry {
  readonly #asked = new Set<string>();
  readonly #onAsked: ContractListener;

  constructor(options: RegistryOptions, onAsked: ContractListener) {
    super(options);
    this.#onAsked = onAsked;
  }

  override register: ServiceRegistry['register'] = (owner, contracts, ...rest) => {
    for (const contract of 'id' in contracts ? [contracts] : contracts) refuseLocal(contract, owner.name, 'provides');
    return super.register(owner, contracts, ...rest);
  };

  override listen: ServiceRegistry['listen'] = (owner, listener, options, ...rest) => {
    this.#ask(options?.contract, owner.name);
    return super.listen(owner, listener, options, ...rest);
  };

  override reference: ServiceRegistry['reference'] = (contract, ...rest) => {
    this.#ask(contract, 'the bundle');
    return super.reference(contract, ...rest);
  };

  override references: ServiceRegistry['references'] = (contract, ...rest) => {
    this.#ask(contract, 'the bundle');
    return super.references(contract, ...rest);
  };

  #ask(contract: ContractKey<unknown> | undefined, who: string): void {
    if (typeof contract !== 'object' || this.#asked.has(contract.id)) return;
    refuseLocal(contract, who, 'needs');
    this.#asked.add(contract.id);
    this.#onAsked(contract);
  }
}

/** @throws `ISOLATION_LOCAL` */
function refuseLocal(contract: Contract<unknown>, who: string, what: string): void {
  const why = whyLocal(contract);
  if (why === undefined) return;
  throw new RackwattError(
    'ISOLATION_LOCAL',
    `${who} ${what} a contract that cannot cross to another thread or process: ${why}; run the bundle with "isolation": "space"`,
    { context: { contract: contract.id } },
  );
}
