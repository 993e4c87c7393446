import { AdminMethod, component, ConfigurationAdmin, Deployment, HealthCheck, one, Runtime } from 'rackwatt';
import { Agent } from './agent.js';
import { checkCenter } from './check.js';
import { readCapabilities, readEnabling, readWho } from './parameters.js';
import { PID, RemoteAdminSchema, settingsOf } from './settings.js';

export { Agent, type AgentParts, type Enabling } from './agent.js';
export type { RemoteAdminErrorCode } from './errors.js';
export { RemoteAdminSchema, type Settings, settingsOf } from './settings.js';
export type { Status } from './status.js';

export const remoteAdmin = component({
  name: PID,
  references: { deployment: one(Deployment), configuration: one(ConfigurationAdmin), runtime: one(Runtime) },
  configuration: { schema: RemoteAdminSchema },
  async activate({ config, deployment, configuration, runtime, log, scope, context }) {
    const settings = settingsOf(config);
    const agent = await Agent.open({ folder: context.dataFolder(), deployment, configuration, runtime, log });
    scope.add('connections to the administration center', () => agent.stop());
    context.provide(HealthCheck, { check: () => agent.health() }, { name: 'remote-admin' });
    const provide = (name: string, call: (given: Record<string, unknown>) => Promise<unknown>): void =>
      void context.provide(
        AdminMethod,
        { call: (given) => call((given ?? {}) as Record<string, unknown>) },
        { name: `remote-admin.${name}` },
      );
    provide('status', () => agent.status());
    provide('log', () => agent.log());
    provide('enable', (given) => agent.enable(readEnabling(given)));
    provide('disable', (given) => agent.withdraw(readCapabilities(given), readWho(given)));
    provide('forget', (given) => agent.forget(readWho(given)));
    provide('check', () => checkCenter(agent.settings.center));
    agent.reconfigure(settings);
    return agent;
  },
  modified({ config }, agent) {
    agent.reconfigure(settingsOf(config));
  },
});
