type Decorator = (target: unknown, key?: string | symbol, descriptor?: PropertyDescriptor) => unknown;

/**
 * Helpers that transformed TypeScript calls for its (legacy) decorators. They find `Reflect.metadata` when they run, as
 * the module may import reflect-metadata itself.
 */
export const DECORATOR_HELPERS = {
  /** @param descriptor null for a method, whose descriptor is to be looked up; undefined for a property */
  decorate(
    decorators: Decorator[],
    target: object,
    key?: string | symbol,
    descriptor?: PropertyDescriptor | null,
  ): unknown {
    if (key === undefined)
      return decorators.reduceRight<unknown>((result, decorator) => decorator(result) ?? result, target);
    if (descriptor === undefined) {
      for (const decorator of decorators.toReversed()) decorator(target, key);
      return undefined;
    }
    const found = descriptor ?? Object.getOwnPropertyDescriptor(target, key);
    const result = decorators.reduceRight(
      (current, decorator) => (decorator(target, key, current) as typeof found) ?? current,
      found,
    );
    if (result) Object.defineProperty(target, key, result);
    return result;
  },
  decorateMetadata(key: string, value: unknown): Decorator {
    const { metadata } = Reflect as { metadata?: (key: string, value: unknown) => Decorator };
    return metadata?.(key, value) ?? (() => undefined);
  },
  decorateParam(
    index: number,
    decorator: (target: unknown, key: string | symbol | undefined, index: number) => void,
  ): Decorator {
    return (target, key) => decorator(target, key, index);
  },
};
