import { declaredContracts, type Contract, type ServiceGroup, type ServiceRegistry } from '../registry/index.js';
import type { ServiceEvent, ServiceReference, ServiceRegistration } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import { capabilityMissing, mustCross } from './errors.js';
import { parseAsked, parseChange, parseKey, parseService } from './parse.js';
import type { Peer } from './peer.js';
import { propertiesData, propertiesOf } from './properties.js';
import { contractData, contractOf, type ServiceChange, type ServiceEnd, type ServiceNotice } from './protocol.js';
import { merged } from './stubs.js';

/** Services that a child tells of, registered in the node as its bundle's own. */
export class ChildServices {
  readonly #registrations = new Map<string, ServiceRegistration>();

  constructor(peer: Peer, group: ServiceGroup) {
    peer.onTell('service.came', (body) => {
      const { key, handle, contracts, properties } = parseService(body);
      const values = contracts.map(contractOf);
      this.#registrations.set(
        key,
        group.register(values, peer.stub(merged(values), handle) as object, propertiesOf(properties)),
      );
    });
    peer.onTell('service.changed', (body) => {
      const { key, properties } = parseChange(body);
      this.#registrations.get(key)?.setProperties(propertiesOf(properties));
    });
    peer.onTell('service.gone', (body) => {
      const key = parseKey(body);
      const registration = this.#registrations.get(key);
      this.#registrations.delete(key);
      if (registration?.reference.owner) registration.unregister();
    });
  }
}

/** A service of the node that a child has a mirror of. */
interface Mirrored {
  readonly reference: ServiceReference;
  readonly handle: number;
}

/**
 * The node's services of the contracts that a child asked for: told when they come, change and go. The services of its own
 * bundle are not among them: it has those itself. Of a contract the child says the id alone; what it may call, and whether
 * anything of it crosses at all, is for the provider's own declaration to say.
 */
export class SharedServices {
  readonly #peer: Peer;
  readonly #registry: ServiceRegistry;
  readonly #group: ServiceGroup;
  /** Capabilities of the child's manifest. */
  readonly #granted: readonly string[];
  readonly #asked = new Map<string, Disposer>();
  /** By contract and service: a service is mirrored once under each contract that was asked for. */
  readonly #mirrored = new Map<string, Mirrored>();

  constructor(peer: Peer, registry: ServiceRegistry, group: ServiceGroup, granted: readonly string[]) {
    this.#peer = peer;
    this.#granted = granted;
    this.#registry = registry;
    this.#group = group;
    peer.handle('ask', (body) => {
      for (const contract of parseAsked(body)) this.#ask(contract);
    });
  }

  /** @throws CONTRACT_LOCAL, CAPABILITY_MISSING */
  #ask(contract: string): void {
    if (this.#asked.has(contract)) return;
    const references = this.#group.references(contract);
    for (const reference of references)
      if (this.#isOfOthers(reference)) this.#mayCross(this.#declared(contract, reference));
    const onEvent = ({ type, reference }: ServiceEvent): void => {
      const key = `${contract} ${reference.id}`;
      if (type === 'REGISTERED') this.#came(key, contract, reference);
      else if (type === 'UNREGISTERING') this.#gone(key);
      else if (this.#mirrored.has(key))
        this.#peer.tell('service.changed', {
          key,
          properties: propertiesData(reference.properties()),
        } satisfies ServiceChange);
    };
    this.#asked.set(contract, this.#group.listen(onEvent, { contract }));
    for (const reference of references) this.#came(`${contract} ${reference.id}`, contract, reference);
  }

  /** @throws CONTRACT_LOCAL, CAPABILITY_MISSING */
  #mayCross(contract: Contract<unknown>): void {
    mustCross(contract);
    const { id, capability } = contract;
    if (capability !== undefined && !this.#granted.includes(capability))
      throw capabilityMissing(this.#group.owner.name, id, capability);
  }

  #isOfOthers({ owner }: ServiceReference): boolean {
    return owner !== undefined && owner.id !== this.#group.owner.id;
  }

  #declared(id: string, reference: ServiceReference): Contract<unknown> {
    return declaredContracts(reference).find((contract) => contract.id === id)!;
  }

  /** @throws CONTRACT_LOCAL, CAPABILITY_MISSING */
  #came(key: string, id: string, reference: ServiceReference): void {
    const { owner } = reference;
    if (!owner || !this.#isOfOthers(reference) || this.#mirrored.has(key)) return;
    const contract = this.#declared(id, reference);
    this.#mayCross(contract);
    const service = this.#group.get(reference);
    if (service === undefined) return;
    const handle = this.#peer.expose(contract, this.#registry.guarded(reference, contract, service) as object);
    this.#mirrored.set(key, { reference, handle });
    this.#peer.tell('service.came', {
      key,
      handle,
      contracts: [contractData(contract)],
      properties: propertiesData(reference.properties()),
      owner: { id: owner.id, name: owner.name },
    } satisfies ServiceNotice);
  }

  #gone(key: string): void {
    const mirrored = this.#mirrored.get(key);
    if (!mirrored) return;
    this.#mirrored.delete(key);
    this.#peer.tell('service.gone', { key } satisfies ServiceEnd);
    this.#peer.withdraw(mirrored.handle);
    this.#group.release(mirrored.reference);
  }

  close(): void {
    for (const stop of this.#asked.values()) void stop();
    this.#asked.clear();
    for (const { reference } of this.#mirrored.values()) this.#group.release(reference);
    this.#mirrored.clear();
  }
}
