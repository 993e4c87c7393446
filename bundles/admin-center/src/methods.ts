import type { Scope } from 'rackwatt';
import { type Center, deed } from './center.js';
import { parametersOf } from './parameters.js';

/** Methods of the admin socket, for the command. */
export function operatorMethods(center: Center, scope: Scope): Record<string, (given: unknown) => Promise<unknown>> {
  const { artifacts, state } = center.parts;
  const stopping = new AbortController();
  scope.add('calls that wait for a change', () => stopping.abort());
  return {
    'fleet.authority': async () => center.authority(),
    'fleet.list': async () => ({ gateways: await center.gateways(), enrolments: await center.enrolments() }),
    'fleet.show': async (given) => center.gateway(parametersOf('fleet.show', given).gateway),
    'fleet.approve': async (given) => {
      const { enrolment, code, name, actor } = parametersOf('fleet.approve', given);
      return center.approve(enrolment, code, name, actor);
    },
    'fleet.deny': async (given) => {
      const { enrolment, actor } = parametersOf('fleet.deny', given);
      await center.deny(enrolment, actor);
      return {};
    },
    'fleet.revoke': async (given) => {
      const { gateway, actor } = parametersOf('fleet.revoke', given);
      await center.revoke(gateway, actor);
      return center.gateway(gateway);
    },
    'fleet.set': async (given) => {
      const { gateway, actor, isTrial = false, reason = '', ...wanted } = parametersOf('fleet.set', given);
      return center.set(gateway, { ...wanted, reason }, actor, isTrial);
    },
    'fleet.rollback': async (given) => {
      const { gateway, actor, isTrial = false, reason = '' } = parametersOf('fleet.rollback', given);
      return center.rollBack(gateway, reason, actor, isTrial);
    },
    'fleet.changed': async (given) => {
      const { gateway, version, wait } = parametersOf('fleet.changed', given);
      return center.changed(gateway, version, wait, stopping.signal);
    },
    'fleet.artifacts': async () => artifacts.list(),
    'fleet.artifacts.add': async (given) => {
      const { file, actor } = parametersOf('fleet.artifacts.add', given);
      return artifacts.add(file, deed(actor));
    },
    'fleet.broker': async (given) => center.brokerIdentity(parametersOf('fleet.broker', given).names),
    'fleet.audit': async (given) => {
      const { limit } = parametersOf('fleet.audit', given);
      const [records, check] = await Promise.all([state.audit.list(limit), state.audit.check()]);
      return { records, check };
    },
  };
}
