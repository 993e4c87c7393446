import type { ComponentReferenceInfo } from '../bundle/contract.js';
import type { ErrorRecord } from '../errors.js';
import { RackwattError } from '../errors.js';
import type { ComponentNotice, Loaded, LogNotice, ServiceChange, ServiceNotice } from './protocol.js';

/** What a child tells is hostile until it came through here: a process is there to hold its bundle back. */

const LEVELS: readonly unknown[] = ['debug', 'info', 'warn', 'error'];
const STATES: readonly unknown[] = [
  'unsatisfied',
  'satisfied',
  'activating',
  'active',
  'deactivating',
  'failed',
  'disposed',
];
/** Characters of one text. */
const LONGEST = 64 * 1024;
/** Things of one kind that a child may have. */
const MOST = 100_000;

type Keyed = Record<string, unknown>;

/** @throws `PEER_PROTOCOL` */
export function parseLog(body: unknown): LogNotice {
  const { level, component, fields, message } = keyed(body, 'a log line');
  return {
    level: (LEVELS.includes(level) ? level : 'info') as LogNotice['level'],
    ...(component === undefined ? {} : { component: text(component, 'a component') }),
    fields: keyed(fields, 'fields of a log line'),
    message: text(message, 'a log line'),
  };
}

/** @param bundle whose components they are, whatever the child says. @throws `PEER_PROTOCOL` */
export function parseComponents(body: unknown, bundle: string): ComponentNotice[] {
  return list(body, 'components').map((each) => {
    const { info, state, failure, activationTime } = keyed(each, 'a component');
    const told = keyed(info, 'a component');
    if (!STATES.includes(state) || typeof activationTime !== 'number') throw malformed('a component');
    return {
      info: {
        name: text(told['name'], 'a component'),
        bundle,
        ...(told['pid'] === undefined ? {} : { pid: text(told['pid'], 'a PID') }),
        state: text(told['state'], 'a state') as ComponentNotice['info']['state'],
        reasons: texts(told['reasons'], 'reasons'),
        provides: texts(told['provides'], 'contracts'),
        references: list(told['references'], 'references').map(parseReference),
      },
      state: state as ComponentNotice['state'],
      ...(failure === undefined ? {} : { failure: parseError(failure) }),
      activationTime,
    };
  });
}

function parseReference(each: unknown): ComponentReferenceInfo {
  const { name, contract, target, minimum, satisfied, bound } = keyed(each, 'a reference');
  if (typeof minimum !== 'number' || typeof bound !== 'number') throw malformed('a reference');
  return {
    name: text(name, 'a reference'),
    contract: text(contract, 'a contract'),
    ...(target === undefined ? {} : { target: text(target, 'a filter') }),
    minimum,
    satisfied: satisfied === true,
    bound,
  };
}

/** @throws `PEER_PROTOCOL` */
export function parseError(body: unknown): ErrorRecord {
  const { name, code, message, stack } = keyed(body, 'an error');
  return {
    name: text(name, 'an error'),
    message: text(message, 'an error'),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof stack === 'string' ? { stack: stack.slice(0, LONGEST) } : {}),
  };
}

/** @throws `PEER_PROTOCOL` */
export function parseService(body: unknown): ServiceNotice {
  const { handle, contracts, owner } = keyed(body, 'a service');
  if (typeof handle !== 'number') throw malformed('a service');
  return { ...parseChange(body), handle, contracts: parseContracts(contracts), owner: owner as ServiceNotice['owner'] };
}

/** @throws `PEER_PROTOCOL` */
export function parseChange(body: unknown): ServiceChange {
  const { key, properties } = keyed(body, 'a service');
  return { key: text(key, 'a service'), properties: keyed(properties, 'properties') as ServiceChange['properties'] };
}

/** @throws `PEER_PROTOCOL` */
export function parseKey(body: unknown): string {
  return text(keyed(body, 'a service')['key'], 'a service');
}

/** Ids of contracts. @throws `PEER_PROTOCOL` */
export function parseAsked(body: unknown): string[] {
  return texts(body, 'contracts');
}

/** @throws `PEER_PROTOCOL` */
function parseContracts(body: unknown): ServiceNotice['contracts'] {
  return list(body, 'contracts').map((each) => {
    const { name, major, methods, streams, transfers, timeout, local, capability, deprecated } = keyed(
      each,
      'a contract',
    );
    if (!Number.isInteger(major) || (timeout !== undefined && typeof timeout !== 'number'))
      throw malformed('a contract');
    return {
      name: text(name, 'a contract'),
      major: major as number,
      methods: texts(methods, 'methods'),
      streams: texts(streams, 'streams'),
      transfers: texts(transfers, 'methods'),
      timeout,
      local: local === true,
      capability: typeof capability === 'string' ? capability : undefined,
      deprecated: typeof deprecated === 'string' ? deprecated : undefined,
    };
  });
}

/** @throws `PEER_PROTOCOL` */
export function parseLoaded(body: unknown): Loaded {
  const { components, activator, local } = keyed(body, 'what was loaded');
  for (const each of list(components, 'components')) {
    const { name, provides, references, configuration } = keyed(each, 'a component');
    text(name, 'a component');
    texts(provides, 'contracts');
    for (const reference of Object.values(keyed(references, 'references')))
      text(keyed(reference, 'a reference')['contract'], 'a contract');
    text(keyed(configuration, 'a configuration')['pid'], 'a PID');
  }
  return {
    components: components as Loaded['components'],
    activator: activator === true,
    local: list(local, 'contracts').map((each) => {
      const { component, contract, provides, why } = keyed(each, 'a contract');
      return {
        component: text(component, 'a component'),
        contract: text(contract, 'a contract'),
        provides: provides === true,
        why: text(why, 'a reason'),
      };
    }),
  };
}

/** @throws `PEER_PROTOCOL` */
export function parseHandover(body: unknown): [string, Uint8Array][] {
  return list(body, 'states').map((entry) => {
    const [label, bytes] = list(entry, 'a state');
    if (!(bytes instanceof Uint8Array)) throw malformed('a state');
    return [text(label, 'a component'), bytes];
  });
}

/** @throws `PEER_PROTOCOL` */
export function parseEffects(body: unknown): string[] {
  return texts(body, 'effects');
}

function keyed(value: unknown, what: string): Keyed {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(what);
  return value as Keyed;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value) || value.length > MOST) throw malformed(what);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw malformed(what);
  return value.slice(0, LONGEST);
}

function texts(value: unknown, what: string): string[] {
  return list(value, what).map((each) => text(each, what));
}

function malformed(what: string): RackwattError {
  return new RackwattError(
    'PEER_PROTOCOL',
    `an isolated bundle told ${what} in a form that this version does not know`,
  );
}
