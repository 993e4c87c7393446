import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Characters of one line; what is longer is cut there, so that no child can fill the node's memory with one. */
const LONGEST = 8192;

/** Hands over what a stream writes line by line, the last one also without its end. */
export function eachLine(stream: Readable, line: (text: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + decoder.write(chunk)).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part !== '') line(part.slice(0, LONGEST));
    if (rest.length <= LONGEST) return;
    line(rest.slice(0, LONGEST));
    rest = '';
  });
  stream.on('end', () => {
    if (rest !== '') line(rest);
  });
  // A stream that breaks with its child says nothing that the child's end does not say.
  stream.on('error', () => undefined);
}
