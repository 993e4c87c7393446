import { errorMessage, RackwattError } from './errors.js';
import { quoted } from './quoted.js';

const DEPTH = 64;
const LENGTH = 4 << 20;

/**
 * Parses JSON from outside: in UTF-8, of bounded size and depth, no key twice in an object, no `__proto__`, so that no two readers
 * take it for different things.
 * @param what begins the sentence of an error
 * @throws RackwattError of the given code
 */
export function parseStrictly(content: Buffer, what: string, code: string): unknown {
  const refuse = (why: string, cause?: unknown): RackwattError => new RackwattError(code, `${what} ${why}`, { cause });
  if (content.length > LENGTH) throw refuse(`has more than ${LENGTH} bytes`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (error) {
    throw refuse('is not UTF-8', error);
  }
  const wrong = wrongStructure(text);
  if (wrong) throw refuse(wrong);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw refuse(`is not JSON: ${errorMessage(error).replace(/[^ -~]/g, '?')}`, error);
  }
}

function wrongStructure(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '{' || sign === '[') {
      open.push(sign === '{' ? new Set() : undefined);
      if (open.length > DEPTH) return `is nested more than ${DEPTH} deep`;
    } else if (sign === '}' || sign === ']') open.pop();
    else if (sign === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) {
        const key = unescaped(text.slice(at, end));
        const keys = open.at(-1);
        if (key === '__proto__') return 'has the key "__proto__"';
        if (keys?.has(key)) return `has the key ${quoted(key)} twice`;
        keys?.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Index behind the closing quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}

function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch (error) {
    // No JSON at all, as the parser will say of the whole.
    void errorMessage(error);
    return literal;
  }
}
