import { declaredContracts } from '../../registry/index.js';
import type { ServiceEvent, ServiceOwner, ServiceReference, ServiceRegistration } from '../../registry/types.js';
import type { Peer } from '../peer.js';
import { propertiesData, propertiesOf } from '../properties.js';
import { contractData, contractOf, type ServiceChange, type ServiceEnd, type ServiceNotice } from '../protocol.js';
import { merged } from '../stubs.js';
import type { ChildRegistry } from './registry.js';

const CONTAINER: ServiceOwner = Object.freeze({ id: 0, name: 'rackwatt' });

/** Tells the node of every service that the bundle registers, and lets the node call it. */
export class OwnServices {
  readonly #peer: Peer;
  readonly #registry: ChildRegistry;
  readonly #bundle: number;
  readonly #handles = new Map<number, number>();

  constructor(peer: Peer, registry: ChildRegistry, bundle: number) {
    this.#peer = peer;
    this.#registry = registry;
    this.#bundle = bundle;
    registry.listen(CONTAINER, (event) => this.#onEvent(event));
  }

  #onEvent({ type, reference }: ServiceEvent): void {
    if (type === 'REGISTERED') {
      if (reference.owner?.id === this.#bundle) this.#came(reference);
      return;
    }
    const handle = this.#handles.get(reference.id);
    if (handle === undefined) return;
    const key = String(reference.id);
    if (type === 'UNREGISTERING') {
      this.#handles.delete(reference.id);
      this.#peer.tell('service.gone', { key } satisfies ServiceEnd);
      this.#peer.withdraw(handle);
      this.#registry.release(CONTAINER, reference);
    } else
      this.#peer.tell('service.changed', {
        key,
        properties: propertiesData(reference.properties()),
      } satisfies ServiceChange);
  }

  #came(reference: ServiceReference): void {
    const contracts = declaredContracts(reference);
    const service = this.#registry.get(CONTAINER, reference) as object | undefined;
    if (service === undefined) return;
    const handle = this.#peer.expose(merged(contracts), service);
    this.#handles.set(reference.id, handle);
    this.#peer.tell('service.came', {
      key: String(reference.id),
      handle,
      contracts: contracts.map(contractData),
      properties: propertiesData(reference.properties()),
      owner: { id: this.#bundle, name: reference.owner?.name ?? '' },
    } satisfies ServiceNotice);
  }
}

/** Services of the node, mirrored for the bundle. */
export class NodeServices {
  readonly #registrations = new Map<string, ServiceRegistration>();

  constructor(peer: Peer, registry: ChildRegistry) {
    peer.onTell('service.came', (body) => {
      const { key, handle, contracts, properties, owner } = body as ServiceNotice;
      const values = contracts.map(contractOf);
      this.#registrations.set(
        key,
        registry.register(owner, values, peer.stub(merged(values), handle) as object, propertiesOf(properties)),
      );
    });
    peer.onTell('service.changed', (body) => {
      const { key, properties } = body as ServiceChange;
      this.#registrations.get(key)?.setProperties(propertiesOf(properties));
    });
    peer.onTell('service.gone', (body) => {
      const { key } = body as ServiceEnd;
      this.#registrations.get(key)?.unregister();
      this.#registrations.delete(key);
    });
  }
}
