import { contract } from '../registry/contract.js';

/**
 * A service that takes a configuration and is no component (Compendium 104.5). It is registered with the property `service.pid`:
 * a PID, or a list of them.
 */
export interface ManagedService {
  /**
   * The configuration in force, with secrets in place, `service.pid`, and `service.factoryPid` where it has one; undefined when
   * there is none. Called once after it was registered, for each of its PIDs, and after each change; never before the call
   * before has ended. What it throws is logged; a `property` in the `context` of a `RackwattError` says which one is at fault.
   */
  updated(properties: Readonly<Record<string, unknown>> | undefined): Promise<void>;
}

export const ManagedService = contract<ManagedService>('rackwatt/ManagedService', { major: 1, methods: ['updated'] });

/** A service that takes any number of configurations `factoryPid~name` (Compendium 104.6); `service.pid` names the factory PID. */
export interface ManagedServiceFactory {
  /** A configuration that is there or changed, as for a `ManagedService`. */
  updated(pid: string, properties: Readonly<Record<string, unknown>>): Promise<void>;
  /** A configuration that is gone. */
  deleted(pid: string): Promise<void>;
}

export const ManagedServiceFactory = contract<ManagedServiceFactory>('rackwatt/ManagedServiceFactory', {
  major: 1,
  methods: ['updated', 'deleted'],
});

/** A configuration came into force, with other values than before, or is gone. */
export interface ConfigurationEvent {
  type: 'UPDATED' | 'DELETED';
  pid: string;
  factoryPid?: string;
}

/**
 * A service that hears of configurations (Compendium 104.8), of whichever way they change: after whoever takes the configuration
 * was called, one event after the other.
 */
export interface ConfigurationListener {
  configurationChanged(event: ConfigurationEvent): Promise<void>;
}

export const ConfigurationListener = contract<ConfigurationListener>('rackwatt/ConfigurationListener', {
  major: 1,
  methods: ['configurationChanged'],
});

/** As a `ConfigurationListener`, yet called before the call that changes a configuration is answered. */
export interface SynchronousConfigurationListener {
  configurationChanged(event: ConfigurationEvent): void;
}

export const SynchronousConfigurationListener = contract<SynchronousConfigurationListener>(
  'rackwatt/SynchronousConfigurationListener',
  { major: 1, local: true },
);
