import { emptyDocument, readStructure } from './candidate.js';
import { readContent } from './disk.js';
import { isKeyed } from './json.js';
import { SecretStore } from './secrets.js';

/** What a node keeps in its storage folder beside the configuration. */
export interface Parts {
  /** Absolute. */
  storage: string;
  secrets: SecretStore;
}

export function openParts(
  storage: string,
  environment: Readonly<Record<string, string | undefined>> | undefined,
): Parts {
  return { storage, secrets: new SecretStore(storage, environment) };
}

/** Storage folder as a file names it; the file need be sound in nothing else. */
export async function storageIn(file: string): Promise<string> {
  const structure = await readStructure(await readContent(file));
  const source = structure.file?.document;
  const framework = isKeyed(source) ? source['framework'] : undefined;
  const storage = isKeyed(framework) ? framework['storage'] : undefined;
  return typeof storage === 'string' && storage !== '' ? storage : emptyDocument().framework.storage;
}
