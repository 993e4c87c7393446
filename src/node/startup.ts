import type { Framework } from '../bundle/index.js';
import { componentsOf } from './components.js';

export interface StartupTime {
  name: string;
  milliseconds: number;
  children: StartupTime[];
}

/** Who took how long to start: the steps of the node, in them the bundles, in those their components. */
export class StartupTimes {
  readonly #began = performance.now();
  readonly #root: StartupTime = { name: 'node', milliseconds: 0, children: [] };
  #step: StartupTime = this.#root;
  #framework: Framework | undefined;

  async measure<T>(name: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const step: StartupTime = { name, milliseconds: 0, children: [] };
    this.#root.children.push(step);
    this.#step = step;
    try {
      return await work();
    } finally {
      step.milliseconds = performance.now() - began;
      this.#step = this.#root;
    }
  }

  /** Notes each bundle as it starts. */
  follow(framework: Framework): void {
    this.#framework = framework;
    const starting = new Map<string, number>();
    const stop = framework.onBundleEvent(
      ({ type, bundle }) => {
        if (type === 'STARTING') starting.set(bundle.name, performance.now());
        const began = starting.get(bundle.name);
        if (type === 'STARTED' && began !== undefined)
          this.#step.children.push({ name: bundle.name, milliseconds: performance.now() - began, children: [] });
      },
      { synchronous: true },
    );
    this.#stop = stop;
  }

  #stop: (() => void | Promise<void>) | undefined;

  end(): void {
    this.#root.milliseconds = performance.now() - this.#began;
    void this.#stop?.();
  }

  tree(): StartupTime {
    const components = this.#framework ? componentsOf(this.#framework) : [];
    const withComponents = (node: StartupTime): StartupTime => ({
      ...node,
      children: [
        ...node.children.map(withComponents),
        ...components
          .filter(({ info, activationTime }) => info.bundle === node.name && activationTime > 0)
          .map(({ info, activationTime }) => ({ name: info.name, milliseconds: activationTime, children: [] })),
      ],
    });
    return withComponents(this.#root);
  }
}
