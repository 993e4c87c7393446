import type { Item } from '../item.js';

export const FEATURES: readonly Item[] = [
  {
    number: 314,
    mark: 'USEFUL',
    behaviour: 'id group:artifact[:type[:classifier]]:version; type of features is osgifeature',
  },
  {
    number: 315,
    mark: 'USEFUL',
    behaviour:
      'keys: feature-resource-version (default "1.0"; others rejected), id, name, categories, complete (default false), description, docURL, license, SCM, vendor, bundles, configurations, variables, extensions',
  },
  {
    number: 316,
    mark: 'USEFUL',
    behaviour:
      'bundles: array of objects with id + metadata (string/number/boolean values; reverse-DNS keys; a bare string appears in one spec example and may be accepted)',
  },
  {
    number: 317,
    mark: 'USEFUL',
    behaviour: 'order of bundles and of metadata is kept; the same bundle in several versions allowed',
  },
  {
    number: 318,
    mark: 'USEFUL',
    behaviour: 'configurations: Configurator syntax; the same PID twice in one feature is an error',
  },
  {
    number: 319,
    mark: 'USEFUL',
    behaviour:
      'variables: default string/number/boolean; null = the launcher must supply one; ${name} in configuration and framework-property values, several per value, recursive; unknown name is left as is',
  },
  {
    number: 320,
    mark: 'USEFUL',
    behaviour:
      'extensions: type text (array of strings) | json | artifacts (like bundles), kind mandatory | optional (default) | transient; a mandatory one nobody handles → launch fails',
  },
  { number: 321, mark: 'USEFUL', behaviour: 'framework-launching-properties extension: launcher must apply or fail' },
  { number: 322, mark: 'USEFUL', behaviour: 'comments as in 300; write → read gives an equal feature' },
  { number: 323, mark: 'USEFUL', behaviour: 'a Feature is immutable; builders are single-use (second build() throws)' },
  {
    number: 324,
    mark: 'USEFUL',
    behaviour:
      'launcher (160 Feature Launcher): install in order, start levels by bundle metadata, decorators/handlers for extensions',
  },
];
