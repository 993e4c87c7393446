import { VERSION } from '../../version.js';
import type { Command } from '../contract.js';

export const start: Command = {
  summary: 'start the node of a home and run it until Ctrl-C',
  options: { '--verbose': 'print every log line, not only warnings and errors' },
  async run({ home, file, options, stdout, stderr, signal }) {
    const { Node } = await import('../../node/index.js');
    const node = await Node.open(
      { folder: home, file },
      {
        console: (text) => stderr.write(text),
        consoleLevel: options['verbose'] ? 20 : 40,
      },
    );
    try {
      await node.start();
      const bundles = node.framework.bundles();
      const active = bundles.filter((bundle) => bundle.state === 'ACTIVE').length;
      const url = await node.url();
      stdout.write(
        `Rackwatt ${VERSION}: node ${node.id} runs, ${active} of ${bundles.length} bundles active${url ? `\n\n  ${url}\n` : ''}\n`,
      );
      await new Promise<void>((resolve) => {
        if (signal.aborted || node.stopping.aborted) return resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
        node.stopping.addEventListener('abort', () => resolve(), { once: true });
      });
      stderr.write('stopping\n');
    } catch (error) {
      // So that the stop counts as a failure of what was installed last, not as one that somebody asked for.
      node.exitStatus = 1;
      throw error;
    } finally {
      await node.stop();
    }
    return node.exitStatus;
  },
};
