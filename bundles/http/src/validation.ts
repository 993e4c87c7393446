import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import type { Route, RouteRequest } from './contract.js';
import { type Problem, problem } from './problems.js';

interface Validators {
  query?: ValidateFunction;
  body?: ValidateFunction;
}

/**
 * Schemas of a route are compiled at its first request by compilers of its own: one shared compiler would keep the schemas
 * of routes that are long gone, and with them their bundles.
 */
const validators = new WeakMap<Route, Validators>();

function validatorsOf(route: Route): Validators {
  let found = validators.get(route);
  if (!found) {
    found = {
      ...(route.query && { query: compile(route.query, true) }),
      ...(route.body && { body: compile(route.body, false) }),
    };
    validators.set(route, found);
  }
  return found;
}

function compile(schema: object, coerceTypes: boolean): ValidateFunction {
  const ajv = new Ajv2020({
    coerceTypes,
    allErrors: true,
    strict: false,
    validateFormats: false,
    validateSchema: false,
  });
  return ajv.compile(schema);
}

/** @returns what is wrong with query and body, all of it; undefined when nothing is. */
export function invalid(route: Route, request: RouteRequest): Problem | undefined {
  const { query, body } = validatorsOf(route);
  const errors = [
    // Coercion writes into what it checks; routes get the query as it came.
    ...(query && !query(structuredClone({ ...request.query })) ? faults('query', query) : []),
    ...(body && !body(request.body) ? faults('body', body) : []),
  ];
  if (errors.length === 0) return undefined;
  const detail = errors.map((error) => `${error.in}${error.pointer} ${error.message}`).join('; ');
  return problem(400, detail, { code: 'HTTP_INPUT_INVALID', errors });
}

function faults(part: 'query' | 'body', validate: ValidateFunction): NonNullable<Problem['errors']> {
  return (validate.errors ?? []).slice(0, 20).map((error) => {
    const property = error.params['additionalProperty'];
    return {
      in: part,
      pointer: error.instancePath,
      message: `${error.message ?? 'is not valid'}${property === undefined ? '' : ` ("${String(property)}")`}`,
    };
  });
}
