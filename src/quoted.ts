/** A text from outside for a sentence: in quotes, short, on one line, with nothing that a terminal or page would take for more. */
export function quoted(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return JSON.stringify(short).replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
