import type { Framework } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { errorRecord } from '../errors.js';
import type { Scope } from '../scope/index.js';
import { spaces, type ModuleSpace } from '../space/index.js';

/**
 * An error that nobody caught is attributed to the bundle whose code threw it, and stops that bundle; only one that
 * cannot be attributed ends the process.
 */
export function containFaults(options: {
  framework: Framework;
  spaces: ReadonlySet<WeakRef<ModuleSpace>>;
  log: Logger;
  scope: Scope;
  fatal: (error: unknown) => void;
}): void {
  const onFault = (error: unknown): void => {
    const record = errorRecord(error);
    const space = [...options.spaces].map((ref) => ref.deref()).find((candidate) => candidate?.owns(error));
    const bundle = space && options.framework.bundles().find(({ revision }) => revision.space === space);
    if (!bundle) {
      const gone = space?.label ?? spaces.attribute(error);
      if (gone === undefined) options.fatal(error);
      else
        options.log.warn({ error: record }, `an error of a revision that is already gone (${gone}): ${record.message}`);
      return;
    }
    options.log.error(
      { error: record },
      `${bundle.name} threw an error that nobody caught and is stopped: ${record.message}`,
    );
    void bundle.stop({ transient: true }).then(
      () => (bundle.reason = `it threw an error that nobody caught: ${record.message}`),
      (failure: unknown) => options.framework.error(bundle, failure),
    );
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  options.scope.add('uncaught errors', () => {
    process.removeListener('uncaughtException', onFault);
    process.removeListener('unhandledRejection', onFault);
  });
}
