import type { Item } from '../item.js';

export const CONFIGURATOR: readonly Item[] = [
  {
    number: 300,
    mark: 'CORE',
    behaviour:
      "OSGI-INF/configurator/.json (or paths in the requirement's configuration attribute) of bundles that require the extender; files in lexical order; UTF-8; // and / / comments",
  },
  {
    number: 301,
    mark: 'CORE',
    behaviour:
      'top-level keys are PIDs (fpid~name for factories, through getFactoryConfiguration), values property maps',
  },
  {
    number: 302,
    mark: 'CORE',
    behaviour:
      ':configurator:resource-version only 1 accepted (default 1); other :configurator: keys stripped before handing over',
  },
  {
    number: 303,
    mark: 'CORE',
    behaviour: 'symbolicname and version keys are required for resources not in a bundle (configurator.initial)',
  },
  {
    number: 304,
    mark: 'CORE',
    behaviour:
      'untyped JSON: boolean, whole number → Long, fraction → Double, string, array of one type, object → its JSON text',
  },
  {
    number: 305,
    mark: 'CORE',
    behaviour: 'typed keys name:Integer, :int[], :Collection<Integer> …; the type is cut from the name',
  },
  {
    number: 306,
    mark: 'USEFUL',
    behaviour:
      ':binary, :binary[]: file copied to configurator.binaries/<url-encoded pid>/, value = absolute path; removed with the configuration; new file name on update',
  },
  {
    number: 307,
    mark: 'CORE',
    behaviour:
      'ranking: highest :configurator:ranking wins, tie lowest bundle id, inside a bundle the first; result does not depend on install order',
  },
  {
    number: 308,
    mark: 'CORE',
    behaviour:
      'policy default: a configuration changed by someone else is neither overwritten nor removed; force: it is',
  },
  { number: 309, mark: 'CORE', behaviour: 'change counts are remembered to notice foreign changes, across restarts' },
  {
    number: 310,
    mark: 'CORE',
    behaviour:
      'configurations stay when the providing bundle is stopped; removed (policy permitting) on uninstall, then the next lower ranked one is applied; updated on bundle update',
  },
  {
    number: 311,
    mark: 'CORE',
    behaviour:
      'configurator.initial: text starting with { is JSON, else comma-separated URLs; a bad URL is logged and skipped',
  },
  {
    number: 312,
    mark: 'CORE',
    behaviour:
      'applied with updateIfDifferent and location ?; one coordination for the batch if a Coordinator is there',
  },
  { number: 313, mark: 'CORE', behaviour: 'stopping the configurator leaves configurations in place' },
];
