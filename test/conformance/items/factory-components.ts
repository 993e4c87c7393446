import type { Item } from '../item.js';

export const FACTORY_COMPONENTS: readonly Item[] = [
  {
    number: 240,
    mark: 'CORE',
    behaviour:
      'a factory component registers a ComponentFactory while its instances could be satisfied, and binds nothing itself',
  },
  {
    number: 241,
    mark: 'CORE',
    behaviour: 'newInstance makes, activates and registers an instance, or rejects with the reason',
  },
  { number: 242, mark: 'CORE', behaviour: 'dispose takes an instance down once; it has no object then' },
  { number: 243, mark: 'CORE', behaviour: 'an instance that is no longer satisfied is gone for good' },
  {
    number: 244,
    mark: 'CORE',
    behaviour: 'a configuration pid~name for a factory component is logged, and the component left out',
  },
  { number: 245, mark: 'CORE', behaviour: 'the instances outlive the ComponentFactory' },
];
