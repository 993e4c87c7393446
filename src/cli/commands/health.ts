import type { NodeHealth } from '../../bundle/contract.js';
import type { Command } from '../contract.js';
import { json } from '../output.js';

interface Startup {
  name: string;
  milliseconds: number;
  children: Startup[];
}

const MARKS = { ok: 'ok      ', degraded: 'degraded', failed: 'failed  ' };

export const health: Command = {
  summary: 'how the running node is; --startup: who took how long to start',
  options: { '--startup': 'print the time tree of the last start', '--json': 'print JSON' },
  async run({ options, stdout, call }) {
    if (options['startup']) {
      const tree = (await call('node.startup')) as Startup;
      stdout.write(options['json'] ? json(tree) : lines(tree, 0));
      return 0;
    }
    const state = (await call('node.health')) as NodeHealth;
    if (options['json']) stdout.write(json(state));
    else {
      stdout.write(`node ${state.state}\n`);
      for (const [name, check] of Object.entries(state.checks)) {
        const figures = Object.entries(check.figures ?? {}).map(([key, value]) => `${key} ${value}`);
        stdout.write(
          `  ${MARKS[check.state]}  ${name}${figures.length > 0 ? ` (${figures.join(', ')})` : ''}${check.detail ? `: ${check.detail}` : ''}\n`,
        );
      }
    }
    return state.state === 'failed' ? 1 : 0;
  },
};

function lines(node: Startup, depth: number): string {
  const own = `${node.milliseconds.toFixed(1).padStart(9)} ms  ${'  '.repeat(depth)}${node.name}\n`;
  return own + node.children.map((child) => lines(child, depth + 1)).join('');
}
