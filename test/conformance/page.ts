import { AREAS } from './items/index.js';

export type Outcome = 'passed' | 'differs on purpose' | 'left out' | 'open' | 'failed';

const HEAD = `# Conformance

The behaviours of OSGi (Core 8, Compendium 8.1), in Node's terms, one line each, and what this container does. Every item that is not
left out has a test of its number in \`test/conformance\`; \`npm run conformance\` runs them and writes this page. CORE is what a
container must have that calls itself OSGi-like, USEFUL what real deployments use beyond.
`;

/** The page, as \`npm run conformance\` writes it. */
export function conformancePage(outcomes: ReadonlyMap<number, Outcome>): string {
  const items = Object.values(AREAS).flat();
  const tally = (mark: string): string => {
    const of = items.filter((item) => item.mark === mark);
    const kinds: Outcome[] = ['passed', 'differs on purpose', 'left out', 'open', 'failed'];
    const counts = kinds.map(
      (kind) => [kind, of.filter(({ number }) => outcomes.get(number) === kind).length] as const,
    );
    const told = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
    return `${mark}: ${of.length}, ${told.join(', ')}.`;
  };
  const parts = [HEAD, ['CORE', 'USEFUL', 'JAVA-ONLY'].map(tally).join('\n')];
  for (const [title, area] of Object.entries(AREAS)) {
    const rows = area.map(({ number, mark, behaviour, differs, leftOut }) =>
      row([number, mark, behaviour, outcomes.get(number) ?? 'open', differs ?? leftOut ?? '']),
    );
    parts.push(
      `\n## ${title}\n`,
      row(['number', 'mark', 'behaviour in short', 'outcome', 'reason']),
      '|---|---|---|---|---|',
      ...rows,
    );
  }
  return `${parts.join('\n')}\n`;
}

const row = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
