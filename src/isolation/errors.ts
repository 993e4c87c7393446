import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';

/** Codes of the errors that the wire between two containers reports. */
export type IsolationErrorCode =
  /** The other side ended or was closed; context: `label`. */
  | 'PEER_GONE'
  /** The other side sent what is no message; context: `label`. */
  | 'PEER_PROTOCOL'
  /** No answer in time; context: `call`, `timeout` (ms), `label`. */
  | 'CALL_TIMEOUT'
  /** An argument or result that structured clone does not carry; context: `call`, `path`. */
  | 'CALL_UNCLONABLE'
  /** A callback after the call, or the subscription, that it was given for; context: `callback`. */
  | 'CALLBACK_RELEASED'
  /** A contract that cannot cross; context: `contract`. */
  | 'CONTRACT_LOCAL'
  /** The manifest lacks what a contract asks of isolated bundles; context: `bundle`, `contract`, `capability`. */
  | 'CAPABILITY_MISSING'
  /** Nobody answers requests of that name; context: `request`. */
  | 'REQUEST_UNKNOWN'
  /** The service was withdrawn; context: `service`. */
  | 'SERVICE_GONE'
  /** The service is older than the contract that it is called by; context: `call`. */
  | 'SERVICE_METHOD_ABSENT';

export function isolationError(
  code: IsolationErrorCode,
  message: string,
  context: Record<string, unknown>,
  cause?: unknown,
): RackwattError {
  return new RackwattError(code, message, { context, ...(cause === undefined ? {} : { cause }) });
}

/** Why services of a contract cannot be reached from another thread or process; undefined when they can. */
export function whyLocal({ id, local, methods, streams }: Contract<unknown>): string | undefined {
  if (local)
    return `${id} is marked local: it hands out live objects, which only code of the same process and thread can use`;
  if (methods.length + streams.length === 0)
    return `${id} names neither methods nor streams, so that no stub can be made of it`;
  return undefined;
}

/** @throws CONTRACT_LOCAL */
export function mustCross(contract: Contract<unknown>): void {
  const why = whyLocal(contract);
  if (why === undefined) return;
  const text = `Services of ${contract.id} cannot cross isolation: ${why}. Run both bundles in "space".`;
  throw isolationError('CONTRACT_LOCAL', text, { contract: contract.id });
}

export function capabilityMissing(bundle: string, contract: string, capability: string): RackwattError {
  const text = `Bundle ${bundle} reaches services of ${contract} only with "${capability}" among the capabilities of its manifest.`;
  return isolationError('CAPABILITY_MISSING', text, { bundle, contract, capability });
}

/** @param callback names it, where it is known */
export function callbackReleased(callback = 'a callback'): RackwattError {
  const text = `Called ${callback} after the call, or the subscription, that it was given for had ended.`;
  return isolationError('CALLBACK_RELEASED', text, { callback });
}
