import type { Run, RunMaker } from '../bundle/index.js';
import type { Disposer } from '../scope/index.js';
import { IsolatedRun, type IsolationOptions } from './run.js';

/** The runs of a node that are in workers and processes. */
export class IsolatedRuns {
  readonly makers: { readonly worker: RunMaker; readonly process: RunMaker };
  readonly #runs = new Set<IsolatedRun>();
  readonly #listeners = new Set<() => void>();

  constructor(options: IsolationOptions) {
    const maker =
      (kind: 'worker' | 'process'): RunMaker =>
      (parts) => {
        const run: IsolatedRun = new IsolatedRun(kind, parts, options, () => this.#runs.delete(run));
        this.#runs.add(run);
        run.onChange(() => {
          for (const listener of this.#listeners) listener();
        });
        return run;
      };
    this.makers = { worker: maker('worker'), process: maker('process') };
  }

  /** Called after each change of a component's state in any run, also of one that is made later. */
  onChange(listener: () => void): Disposer {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Another level is logged from now on. */
  levelChanged(): void {
    for (const run of this.#runs) run.levelChanged();
  }

  /** Configurations of these PIDs (or factory PIDs) changed. Resolves when every run that has one of them took it. */
  async configurationsChanged(pids: ReadonlySet<string>): Promise<void> {
    await Promise.all(Array.from(this.#runs, (run) => run.configurationsChanged(pids)));
  }
}

/** The isolated run of a bundle; undefined when it runs in a space, or not at all. */
export function isolatedRun(run: Run | undefined): IsolatedRun | undefined {
  return run instanceof IsolatedRun ? run : undefined;
}
