import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** sha256 in hex digits. Node's crypto, a tenth of a cold start, is loaded when something is transformed: packed bundles never are. */
export function digestOf(text: string): string {
  const { hash } = require('node:crypto') as typeof import('node:crypto');
  return hash('sha256', text);
}
