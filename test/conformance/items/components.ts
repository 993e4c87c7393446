import type { Item } from '../item.js';

export const COMPONENTS: readonly Item[] = [
  {
    number: 168,
    mark: 'CORE',
    behaviour:
      'the extender reads every description named by Service-Component (list, wildcards in the last path part) when the bundle is started; a missing or broken document is logged and the others still load',
  },
  {
    number: 169,
    mark: 'CORE',
    behaviour:
      'an invalid component (no implementation, bad cardinality, duplicate name in the bundle, reference without interface, factory+service-scope conflict…) is logged and ignored; the rest of the document still counts',
  },
  {
    number: 170,
    mark: 'CORE',
    behaviour:
      'defaults: name = implementation name, reference name = interface, enabled=true, immediate = (no service), service scope singleton, configuration-policy optional, configuration-pid = name, cardinality 1..1, policy static, policy-option reluctant, reference scope bundle',
  },
  { number: 171, mark: 'CORE', behaviour: 'configuration-pid may list several PIDs; $ stands for the component name' },
  {
    number: 172,
    mark: 'CORE',
    behaviour:
      'components live only while their bundle is started: disabled on stop, with the deactivation reason 6 (bundle stopped)',
  },
  {
    number: 173,
    mark: 'CORE',
    behaviour:
      'enabled=false components wait for enableComponent(name); null enables all; enable/disable return at once, the effect is asynchronous, so a component can disable itself',
  },
  {
    number: 174,
    mark: 'CORE',
    behaviour:
      'satisfied = enabled AND (policy require → configuration present) AND every reference has ≥ minimum cardinality targets',
  },
  {
    number: 175,
    mark: 'CORE',
    behaviour: 'an immediate component is activated as soon as it is satisfied, and deactivated when it no longer is',
  },
  {
    number: 176,
    mark: 'CORE',
    behaviour:
      'delayed component: service registered through a factory as soon as satisfied; implementation module is not loaded before the first getService',
  },
  {
    number: 177,
    mark: 'CORE',
    behaviour:
      'delayed component: may be deactivated when the last user ungets it (keep-alive allowed by option), service stays registered',
  },
  {
    number: 178,
    mark: 'CORE',
    behaviour:
      'service scope singleton: one component configuration for all; bundle: one per using bundle; prototype: one per request',
  },
  {
    number: 179,
    mark: 'CORE',
    behaviour: 'service scope bundle/prototype cannot be combined with factory or immediate=true (description error)',
  },
  { number: 180, mark: 'CORE', behaviour: 'each activation makes a new instance; instances are never reused' },
  {
    number: 181,
    mark: 'CORE',
    behaviour:
      'activation order: load module → construct (with constructor injection) → set activation fields → bind references in description order → activate method',
  },
  {
    number: 182,
    mark: 'CORE',
    behaviour:
      'deactivation order: deactivate method → unbind in reverse description order → drop instance and context',
  },
  {
    number: 183,
    mark: 'CORE',
    behaviour:
      'service unregistered before deactivation starts so that no new user appears; registered before/at activation for immediate ones',
  },
  {
    number: 184,
    mark: 'CORE',
    behaviour:
      'deactivation reasons 0 unspecified, 1 disabled, 2 reference, 3 config modified, 4 config deleted, 5 disposed, 6 bundle stopped',
  },
  {
    number: 185,
    mark: 'CORE',
    behaviour:
      'activate/modified/deactivate take any of ComponentContext, BundleContext, property map, (deactivate: reason) — Node: pass one context object with these fields',
  },
  {
    number: 186,
    mark: 'CORE',
    behaviour:
      'named activate method missing → error logged, not activated; named deactivate missing → error logged, deactivation goes on; named modified missing → treated as if not given',
  },
  {
    number: 187,
    mark: 'CORE',
    behaviour:
      'a component never becomes visible (as service or to another component) before its activate has returned',
  },
  {
    number: 188,
    mark: 'CORE',
    behaviour:
      'Node: activate/deactivate may be async; "has returned" means "promise settled"; a reference lost while activate is pending deactivates after it settles',
  },
  {
    number: 189,
    mark: 'CORE',
    behaviour:
      'ComponentContext: getProperties, locateService(name), locateServices, getBundleContext, getUsingBundle, getComponentInstance, enable/disableComponent, getServiceReference (own registration, null if none)',
  },
  {
    number: 190,
    mark: 'CORE',
    behaviour: 'component.id unique and rising while SCR is up; component.name fixed; neither can be overridden',
  },
  {
    number: 191,
    mark: 'CORE',
    behaviour:
      'property precedence: description (later wins) < configurations (later-listed PID wins) < newInstance argument',
  },
  {
    number: 192,
    mark: 'CORE',
    behaviour: 'several service.pid values are aggregated into a collection in precedence order',
  },
  {
    number: 193,
    mark: 'CORE',
    behaviour: 'service properties = component properties whose names do not begin with "."',
  },
  {
    number: 194,
    mark: 'USEFUL',
    behaviour: 'component.setServiceProperties-like runtime change is not part of DS (SCR extension in Felix)',
  },
];
