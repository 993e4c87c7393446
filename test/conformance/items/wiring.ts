import type { Item } from '../item.js';

export const WIRING: readonly Item[] = [
  {
    number: 64,
    mark: 'CORE',
    behaviour:
      'A requirement is met by a capability of its namespace whose attributes its filter and range take, and of which it names those that are mandatory.',
  },
  {
    number: 65,
    mark: 'CORE',
    behaviour:
      'A manifest provides and requires capabilities with typed attributes: texts, numbers, truth values, versions and lists of them compare by their type; what has no type is refused.',
  },
  {
    number: 66,
    mark: 'CORE',
    behaviour:
      'A bundle resolves when everything that it must have comes from somebody who is resolved or can be, and then all of them do, or none.',
  },
  {
    number: 67,
    mark: 'CORE',
    behaviour:
      'What is optional never keeps a bundle from resolving: it is wired when it is there then, and later only by a refresh.',
  },
  {
    number: 68,
    mark: 'CORE',
    behaviour: 'A requirement that takes effect at another time than resolving does not count for the resolver.',
  },
  {
    number: 69,
    mark: 'CORE',
    behaviour: 'A bundle that does not resolve says who lacks what, and the chain from it to there.',
  },
  {
    number: 70,
    mark: 'CORE',
    behaviour:
      'Of several providers the one that is resolved comes first, then the higher version, then the one installed first.',
  },
  {
    number: 71,
    mark: 'CORE',
    behaviour: 'Two versions of a contract can be in use at once, each importer wired to its own.',
  },
  {
    number: 72,
    mark: 'CORE',
    behaviour:
      "A bundle that has a contract and imports it may take another's that is preferred; its own is then not offered.",
  },
  {
    number: 73,
    mark: 'USEFUL',
    behaviour: 'A bundle never sees two providers of one contract, also not through what it imports.',
    leftOut:
      'contracts are values that are matched by name and major version, and nothing relies on their identity, so that two copies do no harm',
  },
  {
    number: 74,
    mark: 'CORE',
    behaviour: 'Bundles that need each other resolve.',
  },
  {
    number: 75,
    mark: 'CORE',
    behaviour:
      'Importers get the sub-paths that a bundle names as contracts, and nothing else; attributes that are mandatory say who is wired at all.',
  },
  {
    number: 76,
    mark: 'CORE',
    behaviour: "All importers of a revision's contract get the same module, evaluated once.",
  },
  {
    number: 77,
    mark: 'CORE',
    behaviour: 'What a bundle does not name as a contract cannot be loaded by another one, by name or by path.',
  },
  {
    number: 78,
    mark: 'CORE',
    behaviour:
      "An import is looked for among Node's built-in modules and what the container shares, then among the contracts to which the bundle is wired, then in the bundle.",
  },
  {
    number: 79,
    mark: 'USEFUL',
    behaviour:
      'A bundle imports another as a whole, in a range, hands on in its contracts what it imports, or does without what is optional.',
  },
  {
    number: 80,
    mark: 'USEFUL',
    behaviour: 'An import may be wired when it is first loaded.',
    leftOut:
      'a late import is an optional peer dependency with a refresh, or a service; a module that may come at any time would make each require a question to the resolver',
  },
  {
    number: 81,
    mark: 'USEFUL',
    behaviour: 'A fragment adds to the content of its host.',
    leftOut:
      'code that is added to another bundle has no owner who could be stopped or blamed; services and contributions extend bundles here',
  },
  {
    number: 82,
    mark: 'USEFUL',
    behaviour: 'Of the versions of a bundle one is resolved at a time: its name is installed once.',
  },
  {
    number: 83,
    mark: 'CORE',
    behaviour:
      'A wiring tells its wires in the order of the manifest, whether it is current and whether it is in use; the one of an updated bundle is in use while somebody is wired to it.',
  },
  {
    number: 84,
    mark: 'CORE',
    behaviour:
      'A refresh takes bundles with all that are wired to them, stops the active ones in reverse order, takes their wires, drops what was uninstalled, starts again what was active, says PACKAGES_REFRESHED, and does all that after the call.',
  },
  {
    number: 85,
    mark: 'CORE',
    behaviour: 'A refresh of nothing in particular takes the bundles of old revisions that are still in use.',
  },
  {
    number: 86,
    mark: 'CORE',
    behaviour: 'Bundles can be resolved without being started; the answer says whether all are.',
  },
  {
    number: 87,
    mark: 'CORE',
    behaviour: 'A bundle that does not start again in a refresh is an error event; the others start.',
  },
  {
    number: 88,
    mark: 'USEFUL',
    behaviour: 'The container tells which bundles depend on some, to any depth and through old revisions, too.',
  },
  {
    number: 89,
    mark: 'CORE',
    behaviour: 'Each bundle provides its identity: name, version, type.',
  },
  {
    number: 90,
    mark: 'USEFUL',
    behaviour:
      'The services that the components of a packed bundle provide and need are capabilities and requirements that take effect when it is active.',
  },
  {
    number: 91,
    mark: 'USEFUL',
    behaviour: 'An extender finds the bundles that are wired to it, and no others.',
  },
  {
    number: 92,
    mark: 'USEFUL',
    behaviour: 'The resolver works without a framework: given resources, it returns wires.',
  },
  {
    number: 93,
    mark: 'USEFUL',
    behaviour: 'Hooks may hide candidates from the resolver.',
    leftOut: 'who may be wired to whom is decided when bundles are installed; a filter in a requirement narrows it',
  },
  {
    number: 94,
    mark: 'USEFUL',
    behaviour: 'Hooks may hide bundles and their events, and decide on collisions.',
    leftOut: 'there are no subsystems that would have to be kept apart; a container of its own does that',
  },
  {
    number: 95,
    mark: 'JAVA-ONLY',
    behaviour: 'Hooks weave byte code; modules are transformed once when they are loaded.',
    leftOut: 'Java only',
  },
  {
    number: 96,
    mark: 'JAVA-ONLY',
    behaviour: 'URL handlers, parallel class loaders, sealed packages, mediation of ServiceLoader.',
    leftOut: 'Java only',
  },
];
