import type { ComponentInfo, Framework } from '../bundle/index.js';
import { circlesOf, componentInfo } from '../component/index.js';
import { isolatedRun, type IsolatedRuns } from '../isolation/index.js';
import type { Disposer } from '../scope/index.js';

/** A component of the node, whichever side of a port it is on. */
export interface ComponentView {
  readonly info: ComponentInfo;
  /** Its name without that of its configuration. */
  readonly component: string;
  /** Message of the failure of its last activation. */
  readonly failure: string | undefined;
  /** ms that its last activation took. */
  readonly activationTime: number;
  effects(): Promise<string[]>;
}

/** The components of every bundle that runs: in spaces, workers and processes. */
export function componentsOf(framework: Framework): ComponentView[] {
  const instances = framework.components.instances();
  const circles = circlesOf(instances);
  const here = instances.map(
    (instance): ComponentView => ({
      info: componentInfo(instance, circles.get(instance)),
      component: instance.name,
      failure: instance.failure?.message,
      activationTime: instance.activationTime,
      effects: async () => [
        ...instance.serviceIds().map((id) => `service #${id}`),
        ...(instance.scope?.effects() ?? []),
      ],
    }),
  );
  const elsewhere = framework.bundles().flatMap(({ run }) => {
    const isolated = isolatedRun(run);
    return (isolated?.notices() ?? []).map(
      ({ info, failure, activationTime }): ComponentView => ({
        info,
        component: info.name.replace(/~.*/, ''),
        failure: failure?.message,
        activationTime,
        effects: () => isolated!.effects(info.name),
      }),
    );
  });
  return [...here, ...elsewhere];
}

/** Calls after each change of a component's state, wherever it runs. */
export function onComponentChange(
  framework: Framework,
  isolated: Pick<IsolatedRuns, 'onChange'>,
  listener: () => void,
): Disposer {
  const stops = [framework.components.onChange(listener), isolated.onChange(listener)];
  return () => {
    for (const stop of stops) void stop();
  };
}
