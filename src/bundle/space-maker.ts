import type { FrameworkOptions } from './options.js';
import type { SpaceMaker, SpaceMakerSource } from './revision.js';

/**
 * Makes the module spaces of a container, with what loads modules loaded when it is first needed.
 * @param report told what went wrong while leftovers of a bundle, named, were closed
 */
export function spaceMakerSource(
  { transforms, tokens, alone }: Pick<FrameworkOptions, 'transforms' | 'tokens' | 'alone'>,
  report: (bundle: string, error: unknown) => void,
): SpaceMakerSource {
  const load = async (): Promise<SpaceMaker> => {
    const { ModuleSpace } = await import('../space/index.js');
    return (root, label, host, kind) => {
      const onError = (error: unknown): void => report(label.slice(0, label.lastIndexOf('@')), error);
      const space = new ModuleSpace({ root, label, host, transforms, alone, onError, ...kind });
      tokens?.track(space.token);
      return space;
    };
  };
  let loaded: Promise<SpaceMaker> | undefined;
  return () => (loaded ??= load());
}
