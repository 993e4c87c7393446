import type { Item } from '../item.js';

export const WIRING: readonly Item[] = [
  {
    number: 64,
    mark: 'CORE',
    behaviour:
      "a requirement matches a capability when the namespace is equal and the filter directive matches the capability's attributes; a mandatory attribute (mandatory:=) must be named by the requirement",
  },
  {
    number: 65,
    mark: 'CORE',
    behaviour:
      'generic Provide-Capability/Require-Capability: typed attributes (String, Version, Long, Double, List<…>) parse from the manifest',
  },
  {
    number: 66,
    mark: 'CORE',
    behaviour:
      'a bundle resolves when each mandatory requirement (effective:=resolve) has a provider that itself resolves; all or nothing for the set being resolved',
  },
  {
    number: 67,
    mark: 'CORE',
    behaviour:
      'resolution:=optional never blocks resolving; it is wired if possible at resolve time and not wired later without a refresh',
  },
  {
    number: 68,
    mark: 'CORE',
    behaviour: 'a requirement with effective other than "resolve" is ignored by the resolver',
  },
  {
    number: 69,
    mark: 'CORE',
    behaviour: 'a resolve failure names the bundle, the requirement, and the chain that led to it',
  },
  {
    number: 70,
    mark: 'CORE',
    behaviour: 'choice of provider: already resolved before unresolved; then highest version; then lowest bundle id',
  },
  {
    number: 71,
    mark: 'CORE',
    behaviour: 'two versions of one contract can be active at once, each consumer wired to its own',
  },
  {
    number: 72,
    mark: 'CORE',
    behaviour:
      'a bundle that exports and imports the same contract may be wired to another exporter (substitution): its own export is then not offered',
  },
  {
    number: 73,
    mark: 'USEFUL',
    behaviour: 'uses:= constraints: a consumer never sees two providers of one contract through different exports',
  },
  { number: 74, mark: 'CORE', behaviour: 'cycles of imports/requires resolve (A↔B)' },
  {
    number: 75,
    mark: 'CORE',
    behaviour:
      'export attributes and directive include/exclude (Node: sub-path exports) restrict what importers can load',
  },
  {
    number: 76,
    mark: 'CORE',
    behaviour:
      "importer gets the module from its wire's exporter, not a copy: same module identity for all importers of one exporter revision",
  },
  {
    number: 77,
    mark: 'CORE',
    behaviour: 'a module private to a bundle (not exported) is not loadable by another bundle',
  },
  {
    number: 78,
    mark: 'CORE',
    behaviour:
      'load order per module scope: host runtime (node: builtins) → imported contracts → required bundles → own content → fragments → dynamic import',
  },
  {
    number: 79,
    mark: 'USEFUL',
    behaviour: 'Require-Bundle with bundle-version, visibility:=reexport, resolution:=optional',
  },
  {
    number: 80,
    mark: 'USEFUL',
    behaviour: 'DynamicImport-Package: wired at first load, never earlier; a failed try is not remembered',
  },
  {
    number: 81,
    mark: 'USEFUL',
    behaviour:
      'fragments: attach to a host matching Fragment-Host, add content/requirements/capabilities, cannot be started, host wins for own headers',
  },
  {
    number: 82,
    mark: 'USEFUL',
    behaviour: 'singleton:=true bundles: only one version of the symbolic name is resolved at a time',
  },
  {
    number: 83,
    mark: 'CORE',
    behaviour:
      'BundleWiring: isCurrent, isInUse, getRequiredWires/ProvidedWires order as in the manifest; wiring of an updated bundle is non-current but still in use while wired',
  },
  {
    number: 84,
    mark: 'CORE',
    behaviour:
      'FrameworkWiring.refreshBundles: takes the dependency closure, stops active ones in reverse order, unresolves, drops uninstalled ones, re-resolves and restarts those that were active; PACKAGES_REFRESHED at the end; runs asynchronously',
  },
  { number: 85, mark: 'CORE', behaviour: 'refresh with no argument takes only bundles with removal-pending revisions' },
  { number: 86, mark: 'CORE', behaviour: 'resolveBundles(collection) returns whether all resolved and starts nothing' },
  {
    number: 87,
    mark: 'CORE',
    behaviour:
      'a started bundle whose restart fails during refresh gives FrameworkEvent ERROR; the others still restart',
  },
  { number: 88, mark: 'USEFUL', behaviour: 'getDependencyClosure of a set' },
  {
    number: 89,
    mark: 'CORE',
    behaviour: 'osgi.identity capability is provided by each bundle (type, version, symbolic name)',
  },
  {
    number: 90,
    mark: 'USEFUL',
    behaviour: 'osgi.service capability/requirement (effective:=active) for tools that assemble sets',
  },
  { number: 91, mark: 'USEFUL', behaviour: 'osgi.extender requirement: an extender handles only bundles wired to it' },
  {
    number: 92,
    mark: 'USEFUL',
    behaviour: 'Resolver service usable apart from a running framework (given resources, returns wires)',
  },
  {
    number: 93,
    mark: 'USEFUL',
    behaviour:
      'resolver hooks can filter candidates and matches per resolve operation, must call end() once; throwing aborts that resolve',
  },
  { number: 94, mark: 'USEFUL', behaviour: 'bundle hooks: EventHook, FindHook (hide bundles), CollisionHook' },
  {
    number: 95,
    mark: 'JAVA-ONLY',
    behaviour: 'weaving hooks (byte code). Node near-equivalent: source transform at module load',
    leftOut: 'Java only',
  },
  {
    number: 96,
    mark: 'JAVA-ONLY',
    behaviour: 'URL handlers, class-loader parallelism, packages sealed per jar, SPI ServiceLoader mediation',
    leftOut: 'Java only',
  },
];
