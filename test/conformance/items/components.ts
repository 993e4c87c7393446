import type { Item } from '../item.js';

export const COMPONENTS: readonly Item[] = [
  {
    number: 168,
    mark: 'CORE',
    behaviour:
      "every component that a bundle's main module exports comes up with the bundle; one that cannot be used is logged, and the others come up all the same",
  },
  {
    number: 169,
    mark: 'CORE',
    behaviour:
      'a component whose description contradicts itself, or has a name twice, is logged with the reason and left out',
  },
  {
    number: 170,
    mark: 'CORE',
    behaviour:
      'what a description leaves out has a default: enabled, of singleton scope, configured by its own name if at all, its references static, reluctant and 1..1, a class named by itself',
    differs:
      'a component with a service is immediate, too, unless it says otherwise: a driver that cannot start says so at the start, not at the first read',
  },
  { number: 171, mark: 'CORE', behaviour: 'a component may have several PIDs; $ stands for its name' },
  {
    number: 172,
    mark: 'CORE',
    behaviour:
      'components are there only while their bundle is active; its stop takes them down with the reason bundle-stopped',
  },
  {
    number: 173,
    mark: 'CORE',
    behaviour:
      'a component with enabled: false waits for enableComponent; without a name all are enabled; both calls return at once, so that a component may disable itself',
  },
  {
    number: 174,
    mark: 'CORE',
    behaviour:
      'a component is satisfied when it is enabled, configured where it has to be, and each reference has as many targets as it needs',
  },
  {
    number: 175,
    mark: 'CORE',
    behaviour: 'an immediate component is activated as soon as it is satisfied, and deactivated when it no longer is',
  },
  {
    number: 176,
    mark: 'CORE',
    behaviour: 'a delayed component is registered as soon as it is satisfied, and made when it is first used',
  },
  {
    number: 177,
    mark: 'CORE',
    behaviour: 'a delayed component goes down when its last user gives it back; its service stays',
  },
  {
    number: 178,
    mark: 'CORE',
    behaviour: 'a service has one object for all, one for each bundle, or one for each request',
  },
  {
    number: 179,
    mark: 'CORE',
    behaviour: 'a service of scope bundle or prototype can be neither immediate nor a factory component',
  },
  { number: 180, mark: 'CORE', behaviour: 'each activation makes a new object' },
  {
    number: 181,
    mark: 'CORE',
    behaviour: 'an object is made, then bound to its references in their order, then activated',
  },
  {
    number: 182,
    mark: 'CORE',
    behaviour: 'a component is deactivated, then unbound in the reverse order, then dropped with all that it owns',
  },
  {
    number: 183,
    mark: 'CORE',
    behaviour: 'a service is registered after the activation, and gone before the deactivation',
  },
  { number: 184, mark: 'CORE', behaviour: 'deactivate gets one of seven reasons' },
  {
    number: 185,
    mark: 'CORE',
    behaviour:
      'activate, modified and deactivate find context, properties and configuration in one argument; deactivate gets the reason, too',
  },
  {
    number: 186,
    mark: 'CORE',
    behaviour:
      'without a function to activate with, a component is logged and left out; a missing deactivate is logged and does without, a missing modified is as none',
  },
  { number: 187, mark: 'CORE', behaviour: 'nobody sees a component before its activate has returned' },
  {
    number: 188,
    mark: 'CORE',
    behaviour: 'activate and deactivate may take their time: a reference that is lost meanwhile deactivates afterwards',
  },
  {
    number: 189,
    mark: 'CORE',
    behaviour:
      'the context gives the properties, looks services up, tells bundle, user, instance and own service, and enables and disables',
    differs:
      'the bundle is told as data: what a BundleContext would register by itself nobody could hold back while a new revision proves itself',
  },
  {
    number: 190,
    mark: 'CORE',
    behaviour: "component.id is unique and rises, component.name is the component's; nobody can override them",
  },
  {
    number: 191,
    mark: 'CORE',
    behaviour:
      'properties of a description give way to those of configurations, a later PID winning, and these to what a factory is given',
  },
  {
    number: 192,
    mark: 'CORE',
    behaviour: 'the PIDs of several configurations are in service.pid, in the order in which they win',
  },
  {
    number: 193,
    mark: 'CORE',
    behaviour: 'a service has the properties of its component but for those that begin with a dot',
  },
  {
    number: 194,
    mark: 'USEFUL',
    behaviour: 'a component changes its service properties while it is active',
    leftOut:
      'not of Declarative Services; what changes alone is a service of its own (context.provide), whose properties can be set',
  },
];
