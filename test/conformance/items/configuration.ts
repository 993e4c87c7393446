import type { Item } from '../item.js';

export const CONFIGURATION: readonly Item[] = [
  {
    number: 248,
    mark: 'CORE',
    behaviour:
      'getConfiguration(pid) creates if absent (properties null, not stored as usable until update); listConfigurations(filter) shows only ones with properties; none → null (Node: [])',
  },
  {
    number: 249,
    mark: 'CORE',
    behaviour:
      'update(props): copied, keys case-insensitive, service.pid / service.factoryPid / service.bundleLocation set by CM, stored before any listener is called',
  },
  {
    number: 250,
    mark: 'CORE',
    behaviour: 'allowed value types: scalars, arrays and collections of one scalar type; others → IllegalArgument',
  },
  { number: 251, mark: 'CORE', behaviour: 'updateIfDifferent returns false and fires nothing when equal' },
  {
    number: 252,
    mark: 'CORE',
    behaviour: 'delete: removes from storage, later calls on the object throw IllegalState',
  },
  { number: 253, mark: 'CORE', behaviour: 'change count rises with each change' },
  {
    number: 254,
    mark: 'CORE',
    behaviour: 'persistence: configurations survive restart; factory instance PIDs stay the same',
  },
  {
    number: 255,
    mark: 'CORE',
    behaviour:
      'createFactoryConfiguration(fpid) makes a generated unique PID; getFactoryConfiguration(fpid, name) makes fpid~name and is stable',
  },
  {
    number: 256,
    mark: 'CORE',
    behaviour:
      'ManagedService with service.pid: after registration it gets updated(props) or updated(null) if no configuration; asynchronous to register',
  },
  {
    number: 257,
    mark: 'CORE',
    behaviour: 'a ManagedService with several PIDs gets a call per PID; several services with one PID are all called',
  },
  { number: 258, mark: 'CORE', behaviour: 'changing service.pid by setProperties counts as unregister + register' },
  {
    number: 259,
    mark: 'CORE',
    behaviour:
      'ManagedServiceFactory: updated(pid, props) for each existing configuration at registration, then on each change; deleted(pid) on delete',
  },
  { number: 260, mark: 'CORE', behaviour: 'updated() calls for one target are in order and never concurrent' },
  { number: 261, mark: 'CORE', behaviour: 'delete → ManagedService.updated(null), then CM_DELETED event' },
  {
    number: 262,
    mark: 'CORE',
    behaviour: 'updated() throwing ConfigurationException or anything else: logged with PID and property, CM goes on',
  },
  {
    number: 263,
    mark: 'CORE',
    behaviour:
      "ConfigurationListener services get CM_UPDATED, CM_DELETED, CM_LOCATION_CHANGED asynchronously, in order; SynchronousConfigurationListener in the caller's turn",
  },
  {
    number: 264,
    mark: 'CORE',
    behaviour:
      'targeted PIDs: lookup order pid|bsn|version|location, pid|bsn|version, pid|bsn, pid; service.pid in the properties stays the targeted one',
  },
  {
    number: 265,
    mark: 'CORE',
    behaviour:
      'adding/deleting a more specific configuration re-evaluates bound targets and calls updated with the new best',
  },
  { number: 266, mark: 'CORE', behaviour: 'a registered PID which contains | is taken as is' },
  {
    number: 267,
    mark: 'USEFUL',
    behaviour:
      'location binding: null location binds to the first receiver; fixed location only for that bundle; ?… multi-location visible to many',
  },
  {
    number: 268,
    mark: 'USEFUL',
    behaviour:
      'ConfigurationPlugins: called by service.cmRanking (<0 first, may alter 0..1000, >1000 read only), filtered by cm.target, cannot change service.pid etc.',
  },
  {
    number: 269,
    mark: 'USEFUL',
    behaviour: 'READ_ONLY attribute on a configuration: update/delete throw until removed',
  },
  { number: 270, mark: 'USEFUL', behaviour: 'updates inside a Coordination are delivered when it ends' },
  {
    number: 271,
    mark: 'CORE',
    behaviour:
      'Node: storage write is atomic (temp file + rename), a torn file at start is reported and does not stop other PIDs loading',
  },
  { number: 272, mark: 'JAVA-ONLY', behaviour: 'ConfigurationPermission', leftOut: 'Java only' },
];
