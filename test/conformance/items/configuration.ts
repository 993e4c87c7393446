import type { Item } from '../item.js';

export const CONFIGURATION: readonly Item[] = [
  {
    number: 248,
    mark: 'CORE',
    behaviour:
      'configuration(pid) of a PID that has none has no properties, and nothing is stored; list(filter) gives those with properties that match, or []',
  },
  {
    number: 249,
    mark: 'CORE',
    behaviour:
      'update copies the properties and stores them before any listener hears; filters find keys in whatever case; service.pid and service.factoryPid are set by the container alone',
  },
  { number: 250, mark: 'CORE', behaviour: 'Values are what JSON has; others are refused with CONFIG_INVALID' },
  {
    number: 251,
    mark: 'CORE',
    behaviour: 'updateIfDifferent gives false, writes nothing and tells nobody when nothing differs',
  },
  {
    number: 252,
    mark: 'CORE',
    behaviour: 'delete takes a configuration out of the file; whoever goes on with what was deleted is refused',
  },
  { number: 253, mark: 'CORE', behaviour: 'The change count rises with each change' },
  { number: 254, mark: 'CORE', behaviour: 'Configurations survive a restart, and those of a factory keep their PIDs' },
  {
    number: 255,
    mark: 'CORE',
    behaviour:
      'factoryConfiguration(factoryPid) gives a PID that nobody has; with a name it is factoryPid~name each time',
  },
  {
    number: 256,
    mark: 'CORE',
    behaviour:
      'A ManagedService is told its configuration, or that there is none, once it is registered and not within register',
  },
  {
    number: 257,
    mark: 'CORE',
    behaviour: 'A ManagedService with several PIDs is called for each; several services of one PID are all called',
  },
  { number: 258, mark: 'CORE', behaviour: 'Another service.pid by setProperties counts as unregister and register' },
  {
    number: 259,
    mark: 'CORE',
    behaviour:
      'A ManagedServiceFactory is told each configuration that is there at registration, then each change, and each that is deleted',
  },
  { number: 260, mark: 'CORE', behaviour: 'Calls of one service come in order and never two at a time' },
  {
    number: 261,
    mark: 'CORE',
    behaviour: 'Of a deletion the ManagedService is told first, by updated(undefined), then the listeners by DELETED',
  },
  {
    number: 262,
    mark: 'CORE',
    behaviour:
      'What updated throws is logged with the PID, and the property that its context names; the configuration stays and others are told',
  },
  {
    number: 263,
    mark: 'CORE',
    behaviour:
      'A ConfigurationListener hears UPDATED and DELETED in order and after the change, a SynchronousConfigurationListener before whoever made it is answered',
  },
  {
    number: 264,
    mark: 'CORE',
    behaviour:
      'Of pid|bundle|version|location, pid|bundle|version, pid|bundle and pid the most specific counts; service.pid stays the targeted one',
  },
  {
    number: 265,
    mark: 'CORE',
    behaviour:
      'When a more specific configuration comes or goes, those who look under the PID are told the best one anew',
  },
  { number: 266, mark: 'CORE', behaviour: 'A PID with a bar in it is taken as it is by who is registered under it' },
  {
    number: 267,
    mark: 'USEFUL',
    behaviour: 'A configuration can be bound to the location of a bundle, or be visible to several',
    leftOut:
      'Who reads a configuration is decided by its PID, which can name a bundle, version and location; a binding that is nowhere in the file would be a second truth',
  },
  {
    number: 268,
    mark: 'USEFUL',
    behaviour: 'ConfigurationPlugins alter what is handed out, in the order of their ranking',
    leftOut:
      'What the file says is what a component gets; what plugins are used for, passwords and values of the machine, are secrets and references here',
  },
  {
    number: 269,
    mark: 'USEFUL',
    behaviour: 'A configuration with the attribute READ_ONLY refuses update and delete',
    leftOut: 'Who may write the file may change it; who may not is a matter of its permissions',
  },
  {
    number: 270,
    mark: 'USEFUL',
    behaviour: 'Updates within a Coordination are handed out when it ends',
    leftOut: 'Several changes are one by ConfigurationAdmin.edit, which is a transaction with a way back',
  },
  {
    number: 271,
    mark: 'CORE',
    behaviour:
      'Configurations are written to a temporary file and renamed; what is torn at the start is reported and keeps no other PID from loading',
    differs:
      'The one file holds all configurations (decision 13): where it is torn by hand nothing of it is guessed at, the start ends with file, line and column, and the file stays',
  },
  { number: 272, mark: 'JAVA-ONLY', behaviour: 'ConfigurationPermission', leftOut: 'Java only' },
];
