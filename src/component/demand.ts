import { RackwattError } from '../errors.js';
import type { ComponentInstance } from './instance.js';

/**
 * The object of a component that is activated when somebody uses it, or a promise of it.
 * @throws `COMPONENT_FAILED`, `COMPONENT_NOT_ACTIVE`, `COMPONENT_CYCLE`
 */
export function demand(instance: ComponentInstance): unknown {
  instance.rise();
  return outcome(instance);
}

function outcome(instance: ComponentInstance): unknown {
  const { state, pending } = instance;
  if (state === 'active') return instance.service;
  if ((state === 'activating' || state === 'failed') && pending) return pending.then(() => outcome(instance));
  // It went to rest when its last user left: now there is another.
  if (state === 'deactivating' && pending) return pending.then(() => demand(instance));
  throw whyNot(instance);
}

/**
 * The object, now.
 * @throws `COMPONENT_ASYNCHRONOUS` beside what `demand` throws
 */
export function demandNow(instance: ComponentInstance): unknown {
  instance.rise();
  if (instance.state === 'active') return instance.service;
  throw whyNot(instance);
}

function whyNot({ label, failure, state, pending, contracts }: ComponentInstance): RackwattError {
  const error = (code: string, why: string): RackwattError =>
    new RackwattError(code, `component ${label} ${why}`, { context: { component: label } });
  if (state === 'activating') {
    if (!pending) return error('COMPONENT_CYCLE', 'needs itself to be activated');
    return error(
      'COMPONENT_ASYNCHRONOUS',
      `cannot be had at once: its activate waits for something, but ${contracts[0]?.id} hands out the object itself. Make the component immediate, or its activate synchronous`,
    );
  }
  if (failure) return error('COMPONENT_FAILED', `failed: ${failure.message}`);
  return error('COMPONENT_NOT_ACTIVE', 'is no longer active');
}
