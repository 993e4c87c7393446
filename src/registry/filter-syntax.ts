import { RackwattError } from '../errors.js';
import { Term } from './filter-term.js';

/**
 * A filter in prefix order: an operator opens a group, `')'` closes it. Flat, so that neither reading nor printing
 * nor matching recurses, however deep a filter is nested.
 */
export type Token = Term | '&' | '|' | '!' | ')';
type Group = '&' | '|' | '!';

const OPEN = 0x28;
const CLOSE = 0x29;
const STAR = 0x2a;
const LESS = 0x3c;
const EQUAL = 0x3d;
const GREATER = 0x3e;
const BACKSLASH = 0x5c;
const TILDE = 0x7e;
const GROUPS: Readonly<Record<string, Group>> = { '&': '&', '|': '|', '!': '!' };
const SHOWN = 200;

/**
 * Reads OSGi's filter syntax (Core R8, 3.2.7) in one pass over the text, in time linear in its length.
 *
 * The operators `&`, `|`, `!` open a group only before a parenthesis; otherwise they begin a name. A backslash in a value
 * takes the next character as it is (OSGi's escape, not RFC 4515's two hexadecimal digits).
 * @throws RackwattError `FILTER_SYNTAX`
 */
export function readFilter(text: string): Token[] {
  return new Reader(text).filter();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  filter(): Token[] {
    const tokens: Token[] = [];
    const open: Group[] = [];
    this.#skipBlanks();
    if (this.#code() !== OPEN) this.#fail('a filter begins with "("');
    do {
      this.#skipBlanks();
      const code = this.#code();
      if (code === CLOSE) {
        this.#at++;
        open.pop();
        tokens.push(')');
        continue;
      }
      if (code !== OPEN) this.#fail(Number.isNaN(code) ? 'a ")" is missing' : 'expected "(" or ")"');
      if (open.at(-1) === '!' && tokens.at(-1) !== '!') this.#fail('"!" takes one filter only');
      this.#at++;
      this.#skipBlanks();
      const group = this.#group();
      if (group) open.push(group);
      tokens.push(group ?? this.#term());
    } while (open.length > 0);
    this.#skipBlanks();
    if (this.#at < this.#text.length) this.#fail('nothing may follow the closing ")"');
    return tokens;
  }

  /** Takes the operator of a group, if there is one, and stays before the parenthesis that follows it. */
  #group(): Group | undefined {
    const group = GROUPS[this.#text[this.#at] ?? ''];
    if (!group) return undefined;
    const start = this.#at++;
    this.#skipBlanks();
    if (this.#code() === OPEN) return group;
    this.#at = start;
    return undefined;
  }

  /** Takes a comparison with its closing parenthesis. */
  #term(): Term {
    const name = this.#name();
    switch (this.#code()) {
      case EQUAL:
        this.#at++;
        return this.#equality(name);
      case TILDE:
        return this.#comparison(name, '~=');
      case GREATER:
        return this.#comparison(name, '>=');
      case LESS:
        return this.#comparison(name, '<=');
      default:
        return this.#fail('expected "=", "~=", ">=" or "<=" after the attribute name');
    }
  }

  #name(): string {
    const start = this.#at;
    let end = start;
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#code();
      if (code === EQUAL || code === TILDE || code === LESS || code === GREATER || code === OPEN || code === CLOSE)
        break;
      if (!isBlank(code)) end = this.#at + 1;
    }
    if (end === start) this.#fail('an attribute name is missing');
    return this.#text.slice(start, end);
  }

  #comparison(name: string, operator: '~=' | '>=' | '<='): Term {
    this.#at++;
    if (this.#code() !== EQUAL) this.#fail('expected "="');
    this.#at++;
    return new Term(name, operator, this.#pieces(false)[0] ?? '');
  }

  #equality(name: string): Term {
    const pieces = this.#pieces(true);
    if (pieces.length === 1) return new Term(name, '=', pieces[0] ?? '');
    if (pieces.length === 2 && pieces[0] === '' && pieces[1] === '') return new Term(name, 'present', '');
    return new Term(name, 'substring', '', pieces);
  }

  /** Takes a value up to and with its closing parenthesis: unescaped, and cut at every asterisk when `wild`. */
  #pieces(wild: boolean): string[] {
    const pieces: string[] = [];
    let piece = '';
    let start = this.#at;
    for (;;) {
      const code = this.#code();
      if (code === CLOSE) break;
      if (Number.isNaN(code)) this.#fail('a ")" is missing');
      if (code === OPEN) this.#fail('"(" in a value is written "\\("');
      if (code === BACKSLASH) {
        piece += this.#text.slice(start, this.#at);
        start = ++this.#at;
        if (start === this.#text.length) this.#fail('nothing follows the "\\"');
      } else if (code === STAR && wild) {
        pieces.push(piece + this.#text.slice(start, this.#at));
        piece = '';
        start = this.#at + 1;
      }
      this.#at++;
    }
    pieces.push(piece + this.#text.slice(start, this.#at));
    this.#at++;
    return pieces;
  }

  #skipBlanks(): void {
    while (isBlank(this.#code())) this.#at++;
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #fail(reason: string): never {
    const shown = this.#text.length > SHOWN ? `${this.#text.slice(0, SHOWN)}...` : this.#text;
    throw new RackwattError(
      'FILTER_SYNTAX',
      `Filter ${JSON.stringify(shown)} is wrong at position ${this.#at}: ${reason}.`,
      {
        context: { filter: shown, position: this.#at },
      },
    );
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
