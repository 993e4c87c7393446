import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RevisionSource } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import { bestOf, parseResource, readResource, type Bringer, type BroughtResource } from '../configuration/index.js';
import { errorMessage } from '../errors.js';
import { bundleDocuments } from './bundle-documents.js';

/** Environment variable with configurations that are to lie under the file: JSON, or files of it with commas between. */
const INITIAL = 'RACKWATT_CONFIGURATIONS';

type Best = ReturnType<typeof bestOf>;

/** What bundles bring along of configurations (Compendium 150), as long as they are installed. */
export class BroughtConfigurations {
  readonly #log: Logger;
  #bringers: ReadonlyMap<string, Bringer> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes what a content of a bundle brings, in the place of what it brought before. @returns the best of each PID */
  bring(bundle: { name: string; id: number }, source: RevisionSource): Best {
    const bringers = new Map(this.#bringers);
    const configurations = this.#resources(source).flatMap((resource) => resource.configurations);
    if (configurations.length === 0) bringers.delete(bundle.name);
    else bringers.set(bundle.name, { name: bundle.name, id: bundle.id, configurations });
    return this.#set(bringers);
  }

  withdraw(name: string): Best {
    const bringers = new Map(this.#bringers);
    bringers.delete(name);
    return this.#set(bringers);
  }

  /** @returns brings back what is now */
  point(): () => Best {
    const before = this.#bringers;
    return () => this.#set(before);
  }

  /** Takes what the environment brings. What cannot be read is logged and left out. @param home folder at which relative files begin */
  bringInitial(environment: Readonly<Record<string, string | undefined>>, home: string): Best {
    const bringers = new Map(this.#bringers);
    for (const [place, text] of initialTexts(environment[INITIAL]?.trim() ?? '', home)) {
      const resource = text instanceof Error ? text.message : parseResource(text, { isElsewhere: true });
      const problems = typeof resource === 'string' ? [resource] : resource.problems;
      for (const problem of problems) this.#log.error(`${INITIAL}, ${place}: ${problem}; it is left out`);
      if (typeof resource === 'string' || resource.configurations.length === 0) continue;
      const name = resource.symbolicName ?? INITIAL;
      const { configurations } = bringers.get(name) ?? { configurations: [] };
      bringers.set(name, { name, id: 0, configurations: [...configurations, ...resource.configurations] });
    }
    return this.#set(bringers);
  }

  #set(bringers: ReadonlyMap<string, Bringer>): Best {
    this.#bringers = bringers;
    return bestOf(bringers.values());
  }

  #resources({ root, manifest }: RevisionSource): BroughtResource[] {
    const { name, configurations } = manifest;
    const left = (path: string, problem: string): void =>
      this.#log.error(`what ${name} brings of configurations, ${path}: ${problem}; it is left out`);
    if (!Array.isArray(configurations)) {
      const resource = readResource(configurations);
      for (const problem of resource.problems) left('package.json', problem);
      return [resource];
    }
    return bundleDocuments(root, configurations).flatMap((document) => {
      const resource: BroughtResource =
        'problem' in document ? { configurations: [], problems: [document.problem] } : parseResource(document.content);
      for (const problem of resource.problems) left(document.path, problem);
      return [resource];
    });
  }
}

/** Each with its place. */
function initialTexts(given: string, home: string): [string, Buffer | string | Error][] {
  if (given === '') return [];
  if (given.startsWith('{')) return [['the text', given]];
  return given.split(',').map((part) => {
    const place = part.trim();
    try {
      return [place, readFileSync(place.startsWith('file:') ? fileURLToPath(place) : resolve(home, place))];
    } catch (error) {
      return [place, error instanceof Error ? error : new TypeError(errorMessage(error))];
    }
  });
}
