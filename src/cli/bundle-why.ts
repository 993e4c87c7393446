import type { BundleWhy } from '../bundle/index.js';
import type { Command } from './contract.js';
import { json } from './output.js';

export const why: Command = {
  summary: 'why a bundle does not resolve, start or run: what it needs, what there is, and the chain',
  arguments: '<name>',
  options: { '--json': 'print JSON, with all that it needs and to whom it is wired' },
  async run({ arguments: [name], options, stdout, call }) {
    const told = (await call('bundle.why', { name })) as BundleWhy;
    stdout.write(
      options['json']
        ? json(told)
        : linesOf(told)
            .map((line) => `${line}\n`)
            .join(''),
    );
  },
};

function linesOf(told: BundleWhy): string[] {
  const { state, reason } = told;
  if (!('chain' in told)) return [`${state}: ${reason}`];
  const { chain, requirements, components, dropIns } = told;
  const lacks = requirements
    .filter((each) => each.state === 'missing' || each.state === 'unresolved')
    .map(({ wanted, optional, detail }) => {
      const what = detail ?? 'which does not resolve itself';
      return `it ${optional ? 'would use' : 'needs'} ${wanted}, ${what}`;
    });
  return [
    [`${state}: ${reason}`, ...dropIns].join('; '),
    ...(chain.length > 1 ? chain.map((link) => `  - ${link}`) : []),
    // The first one has been said.
    ...(lacks.length > 1 || chain.length === 0 ? lacks.map((lack) => `  - ${lack}`) : []),
    ...components.map((each) => `  - component ${each.name} is ${each.state}: ${each.reasons[0] ?? 'it comes up'}`),
  ];
}
