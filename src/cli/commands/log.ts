import { formatLine, type LogLine } from '../../node/logs.js';
import { streamNode } from '../../node/admin-socket.js';
import type { Command } from '../contract.js';
import { storageOf } from '../home.js';

export const log: Command = {
  summary: 'what the running node logged',
  options: {
    '-f, --follow': 'go on as lines come, until Ctrl-C',
    '-n, --lines <count>': { description: 'how many past lines', default: '50' },
    '--json': 'print the JSON lines themselves',
  },
  async run({ options, stdout, home, file, signal }) {
    const parameters = { follow: options['follow'] === true, lines: Number(options['lines']) };
    for await (const line of streamNode(await storageOf(home, file), 'log', parameters, signal)) {
      stdout.write(options['json'] ? `${JSON.stringify(line)}\n` : `${formatLine(line as LogLine)}\n`);
    }
    return 0;
  },
};
