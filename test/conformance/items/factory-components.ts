import type { Item } from '../item.js';

export const FACTORY_COMPONENTS: readonly Item[] = [
  {
    number: 240,
    mark: 'CORE',
    behaviour: `factory="id" → a ComponentFactory service with component.name, component.factory (+ factory-property) while the component's references could be satisfied; it binds none itself`,
  },
  {
    number: 241,
    mark: 'CORE',
    behaviour:
      'newInstance(props) creates, satisfies, activates, registers; cannot be satisfied or activation throws → ComponentException',
  },
  {
    number: 242,
    mark: 'CORE',
    behaviour: 'dispose() deactivates (reason 5); second dispose ignored; getInstance null after',
  },
  {
    number: 243,
    mark: 'CORE',
    behaviour: 'an instance that became unsatisfied is gone for good; the factory does not re-create it',
  },
  {
    number: 244,
    mark: 'CORE',
    behaviour: 'a factory configuration on a factory component is an error, description ignored',
  },
  { number: 245, mark: 'CORE', behaviour: 'unregistering the ComponentFactory does not dispose made instances' },
];
