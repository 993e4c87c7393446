import { setFlagsFromString } from 'node:v8';
import { compileFunction } from 'node:vm';
import { moduleSyntax, type Place } from './errors.js';
import { OwnedEffects } from './effects/index.js';
import { TOKEN_VARIABLE, type RevisionToken } from './token.js';

// V8 keeps compiled code by its text and path, for somebody who compiles it again, through many collections. Here that is
// nobody: an update lies in a folder of its own, and what was freed would stay by half a megabyte a swap.
setFlagsFromString('--no-compilation-cache');

export interface Text {
  path: string;
  /** As V8 is to know it. */
  script: string;
  code: string;
  /** Parameters that the module's text may declare again for itself, with their values. */
  outer?: Readonly<Record<string, unknown>>;
  /** Parameters of the function itself. */
  parameters: readonly string[];
  /** ES modules: strict, and these imported names are constants. */
  bindings?: readonly string[];
  async?: boolean;
}

export type Evaluate = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Makes the function that evaluates a module.
 *
 * The text stands in a function inside a function. The outer one holds the globals that are owned by the space, where
 * the text may declare the same names again, and the revision token: all closures of the module reach its scope, so that
 * any of them that survives keeps the token. The parentheses have V8 compile the inner function at once, which
 * saves a second pass and finds every early error here.
 * @throws RackwattError `MODULE_SYNTAX`
 */
export function compile(text: Text, effects: OwnedEffects, token: RevisionToken): Evaluate {
  const strict = text.bindings !== undefined;
  const bindings = text.bindings ?? [];
  const globals = OwnedEffects.globalsIn(text.code).filter((name) => !bindings.includes(name));
  const outer = Object.entries(text.outer ?? {}).filter(([name]) => !bindings.includes(name));
  const constants = bindings.length > 0 ? `const ${bindings.map((name) => `${name}=0`).join(',')};` : '';
  const head = `void(()=>${TOKEN_VARIABLE});${constants}return(${text.async ? 'async ' : ''}function(${text.parameters.join(',')}){${strict ? '"use strict";' : ''}`;
  const parameters = [TOKEN_VARIABLE, ...globals, ...outer.map(([name]) => name)];
  try {
    const make = compileFunction(`${head}${text.code}\n})`, parameters, {
      filename: text.script,
      columnOffset: -head.length,
    });
    return make(token, ...globals.map((name) => effects.global(name)), ...outer.map(([, value]) => value)) as Evaluate;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw moduleSyntax(text.path, placeOf(error, text), error.message);
  }
}

/** V8 puts the place in front of the stack: the line, its text, and a mark under it. At the very end it is that of our closing brace. */
function placeOf(error: SyntaxError, { script, code }: Text): Place {
  const [first = '', , mark = ''] = error.stack?.split('\n', 3) ?? [];
  const line = first.startsWith(`${script}:`) ? Number(first.slice(script.length + 1)) : Number.NaN;
  if (!Number.isInteger(line)) return {};
  const lines = code.split('\n').length;
  // The first line has our own text before it.
  const column = line > 1 && line <= lines && /^\s*\^/.test(mark) ? mark.indexOf('^') + 1 : undefined;
  return { line: Math.min(line, lines), column };
}
