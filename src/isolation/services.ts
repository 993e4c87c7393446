import type { Contract } from '../registry/contract.js';
import type { ServiceGroup, ServiceRegistry } from '../registry/index.js';
import type { ServiceEvent, ServiceReference, ServiceRegistration } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import { parseChange, parseContracts, parseKey, parseService } from './parse.js';
import type { Peer } from './peer.js';
import {
  contractData,
  contractOf,
  type ContractData,
  type ServiceChange,
  type ServiceEnd,
  type ServiceNotice,
} from './protocol.js';
import { merged } from './stubs.js';

/** Services that a child tells of, registered in the node as its bundle's own. */
export class ChildServices {
  readonly #registrations = new Map<string, ServiceRegistration>();

  constructor(peer: Peer, group: ServiceGroup) {
    peer.onTell('service.came', (body) => {
      const { key, handle, contracts, properties } = parseService(body);
      const values = contracts.map(contractOf);
      this.#registrations.set(key, group.register(values, peer.stub(merged(values), handle) as object, properties));
    });
    peer.onTell('service.changed', (body) => {
      const { key, properties } = parseChange(body);
      this.#registrations.get(key)?.setProperties(properties);
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
 * bundle are not among them: it has those itself.
 */
export class SharedServices {
  readonly #peer: Peer;
  readonly #registry: ServiceRegistry;
  readonly #group: ServiceGroup;
  readonly #asked = new Map<string, Disposer>();
  /** By contract and service: a service is mirrored once under each contract that was asked for. */
  readonly #mirrored = new Map<string, Mirrored>();

  constructor(peer: Peer, registry: ServiceRegistry, group: ServiceGroup) {
    this.#peer = peer;
    this.#registry = registry;
    this.#group = group;
    peer.handle('ask', (body) => {
      for (const data of parseContracts(body)) this.#ask(data);
    });
  }

  #ask(data: ContractData): void {
    const contract = contractOf(data);
    if (this.#asked.has(contract.id)) return;
    const onEvent = ({ type, reference }: ServiceEvent): void => {
      const key = `${contract.id} ${reference.id}`;
      if (type === 'REGISTERED') this.#came(key, contract, reference);
      else if (type === 'UNREGISTERING') this.#gone(key);
      else if (this.#mirrored.has(key))
        this.#peer.tell('service.changed', { key, properties: reference.properties() } satisfies ServiceChange);
    };
    this.#asked.set(contract.id, this.#group.listen(onEvent, { contract }));
    for (const reference of this.#group.references(contract))
      this.#came(`${contract.id} ${reference.id}`, contract, reference);
  }

  #came(key: string, contract: Contract<unknown>, reference: ServiceReference): void {
    const { owner } = reference;
    if (!owner || owner.id === this.#group.owner.id || this.#mirrored.has(key)) return;
    const service = this.#group.get(reference);
    if (service === undefined) return;
    const handle = this.#peer.expose(contract, this.#registry.guarded(reference, contract, service) as object);
    this.#mirrored.set(key, { reference, handle });
    this.#peer.tell('service.came', {
      key,
      handle,
      contracts: [contractData(contract)],
      properties: reference.properties(),
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
