import { readFilter, type Token } from './filter-syntax.js';
import { Term } from './filter-term.js';
import { PropertySet } from './properties.js';
import type { Properties, PropertyValue, ServiceReference } from './types.js';

/** What a filter is matched against: values by key in lower case. */
export interface PropertyView {
  get(key: string): PropertyValue | undefined;
}

const ACCEPT = -1;
const REJECT = -2;

/**
 * An LDAP filter as OSGi has it, ready to match. Made by `parseFilter`.
 *
 * A filter is compiled into its terms and, for each, the term to go on with when it holds and when it does not. So
 * operators cost nothing at match time and depth costs no stack.
 */
export class Filter {
  readonly terms: readonly Term[];
  /** The `=` terms that whatever matches this filter must satisfy: an index on any of them gives all candidates. */
  readonly required: readonly Term[];
  readonly #tokens: readonly Token[];
  readonly #yes: readonly number[];
  readonly #no: readonly number[];
  #text: string | undefined;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    const only = tokens[0];
    if (tokens.length === 1 && only instanceof Term) {
      this.terms = [only];
      this.required = only.operator === '=' ? this.terms : [];
      this.#yes = ALWAYS_ACCEPT;
      this.#no = ALWAYS_REJECT;
    } else {
      const program = compile(tokens);
      this.terms = program.terms;
      this.required = program.required;
      this.#yes = program.yes;
      this.#no = program.no;
    }
  }

  /** Keys compare without case. Throws `SERVICE_PROPERTIES` when two keys differ by case only. */
  matches(properties: Properties): boolean {
    return this.accepts(PropertySet.of(properties));
  }

  /** Keys compare with case. What no property of a service may be, such as an object, is there but equals nothing. */
  matchesCase(properties: Readonly<Record<string, unknown>>): boolean {
    let at = 0;
    do {
      const term = this.terms[at]!;
      const value = Object.hasOwn(properties, term.name) ? (properties[term.name] as Properties[string]) : undefined;
      at = (term.matches(value) ? this.#yes : this.#no)[at]!;
    } while (at >= 0);
    return at === ACCEPT;
  }

  /** Matches the properties that a service has now; of one that is gone, those that it had last. */
  matchesReference(reference: ServiceReference): boolean {
    return this.accepts({ get: (key) => reference.property(key) });
  }

  /** As `matches`, on values that are looked up one by one. */
  accepts(view: PropertyView): boolean {
    let at = 0;
    do {
      const term = this.terms[at]!;
      at = (term.matches(view.get(term.key)) ? this.#yes : this.#no)[at]!;
    } while (at >= 0);
    return at === ACCEPT;
  }

  /** The filter without meaningless blanks; reads back as an equal filter. */
  toString(): string {
    this.#text ??= this.#tokens
      .map((token) => (token === ')' ? token : token instanceof Term ? token.toString() : `(${token}`))
      .join('');
    return this.#text;
  }

  /** Whether both print the same. */
  equals(other: Filter): boolean {
    return this.toString() === other.toString();
  }
}

const ALWAYS_ACCEPT: readonly number[] = [ACCEPT];
const ALWAYS_REJECT: readonly number[] = [REJECT];

interface Program {
  terms: Term[];
  required: Term[];
  yes: number[];
  no: number[];
}

/** A group that is being compiled, and where its next part (from the right) goes on. */
interface Frame {
  operator: '&' | '|' | '!';
  yes: number;
  no: number;
  required: boolean;
}

/** From the last token to the first, for where a part goes on is known once what follows it is compiled. */
function compile(tokens: readonly Token[]): Program {
  const operators = operatorsOfClosings(tokens);
  const terms = tokens.filter((token) => token instanceof Term);
  const program: Program = {
    terms,
    required: [],
    yes: terms.map(() => ACCEPT),
    no: terms.map(() => REJECT),
  };
  const frames: Frame[] = [{ operator: '&', yes: ACCEPT, no: REJECT, required: true }];
  let first = terms.length;
  const partDone = () => {
    const frame = frames.at(-1)!;
    if (frame.operator === '&') frame.yes = first;
    else if (frame.operator === '|') frame.no = first;
  };
  for (let i = tokens.length - 1; i >= 0; i--) {
    const token = tokens[i]!;
    const frame = frames.at(-1)!;
    if (token === ')') {
      const operator = operators.pop()!;
      const negated = operator === '!';
      frames.push({
        operator,
        yes: negated ? frame.no : frame.yes,
        no: negated ? frame.yes : frame.no,
        required: frame.required && operator === '&',
      });
    } else if (token instanceof Term) {
      first--;
      program.yes[first] = frame.yes;
      program.no[first] = frame.no;
      if (frame.required && token.operator === '=') program.required.push(token);
      partDone();
    } else {
      frames.pop();
      partDone();
    }
  }
  program.required.reverse();
  return program;
}

/** The operator of each closing parenthesis, in the order of the closings. */
function operatorsOfClosings(tokens: readonly Token[]): ('&' | '|' | '!')[] {
  const open: ('&' | '|' | '!')[] = [];
  const closed: ('&' | '|' | '!')[] = [];
  for (const token of tokens) {
    if (token === ')') closed.push(open.pop()!);
    else if (!(token instanceof Term)) open.push(token);
  }
  return closed;
}

/** Groups come again and again; two generations keep the recent ones at the cost of one map entry each. */
const GENERATION = 1024;
const CACHED_LENGTH = 1024;
let young = new Map<string, Filter>();
let old = new Map<string, Filter>();

/**
 * A filter from its text, parsed once while it is in use.
 * @throws RackwattError `FILTER_SYNTAX` with the text and the position of the fault
 */
export function parseFilter(text: string): Filter {
  // A single comparison is read sooner than looked up, and lookups of ever new values would only push out the groups.
  if (!'&|!'.includes(text[1] ?? '') || text.length > CACHED_LENGTH) return new Filter(readFilter(text));
  const known = young.get(text);
  if (known) return known;
  const filter = old.get(text) ?? new Filter(readFilter(text));
  if (young.size >= GENERATION) {
    old = young;
    young = new Map();
  }
  young.set(text, filter);
  return filter;
}
