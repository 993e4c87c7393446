import type { SoundDocument } from './candidate.js';
import type { RuntimeDocument } from './document.js';

/** The document that the node runs, without the syntax tree, which is ten times as large. */
export interface InForce {
  document: RuntimeDocument;
  /** As its author wrote it. */
  source: unknown;
  text: string;
  revision: string;
}

export function inForce({ document, file }: SoundDocument): InForce {
  return { document, source: file.document, text: file.text, revision: file.revision };
}
