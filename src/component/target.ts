import { errorMessage } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import { parseFilter } from '../registry/index.js';
import type { Properties } from '../registry/types.js';
import { AnyService } from './references.js';
import type { ReferenceDescription } from './types.js';

const PROTOTYPES = '(service.scope=prototype)';

/** Which services a reference takes and how many it needs: as its component is described, or as its configuration says. */
export interface Target {
  /** Undefined: of any contract. */
  readonly contract: Contract<unknown> | undefined;
  /** The filter in force, as it was written. */
  readonly text: string | undefined;
  /** What candidates must match, all told. */
  readonly filter: string | undefined;
  /** Services needed to be satisfied. */
  readonly minimum: number;
  /** Why no service can be taken, in words. */
  readonly problem: string | undefined;
}

/** Whether any of these properties is for a reference. */
export function forReferences(properties: Properties): boolean {
  for (const key in properties) if (key.endsWith('.target') || key.endsWith('.cardinality.minimum')) return true;
  return false;
}

/**
 * The target of a reference.
 * @param properties of the component; `<name>.target` and `<name>.cardinality.minimum` are for the reference. Undefined where none is
 * for any: a look costs more than all the rest here
 */
export function targetOf(name: string, description: ReferenceDescription, properties: Properties | undefined): Target {
  const { cardinality, scope } = description;
  const configured = properties?.[`${name}.target`];
  const text = typeof configured === 'string' && configured !== '' ? configured : description.target;
  const any = description.contract.id === AnyService.id;
  const minimum = cardinality.startsWith('1') ? 1 : 0;
  const raised = properties?.[`${name}.cardinality.minimum`];
  const most = cardinality.endsWith('n') ? Infinity : 1;
  return {
    contract: any ? undefined : description.contract,
    text,
    filter: scope === 'prototype-required' ? (text === undefined ? PROTOTYPES : `(&${PROTOTYPES}${text})`) : text,
    minimum:
      typeof raised === 'number' && Number.isInteger(raised) && raised <= most ? Math.max(minimum, raised) : minimum,
    problem: problemOf(name, text, any),
  };
}

function problemOf(name: string, text: string | undefined, any: boolean): string | undefined {
  if (text === undefined)
    return any ? `it takes services of any contract: say which by a filter, "${name}.target"` : undefined;
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    return `its filter ${text} cannot be read: ${errorMessage(error)}`;
  }
}

/** Whether two targets take the same services, and as many. */
export function sameTarget(a: Target, b: Target): boolean {
  return a.filter === b.filter && a.minimum === b.minimum;
}
