import type { OutletCommand } from '@rackwatt/telemetry';
import type { Command } from 'rackwatt';

function switching(command: OutletCommand, summary: string): Command {
  return {
    summary,
    arguments: '<device> <outlet>',
    async run(input) {
      const [device = '', outlet = ''] = input.arguments;
      const part = /^\d+$/.test(outlet) ? `outlet/${outlet}` : outlet;
      await input.call('outlet.switch', { device, part, command });
      input.stdout.write(`${device} ${part}: ${command}\n`);
    },
  };
}

const outlet: Command = {
  summary: 'switch outlets of devices that the running node reads',
  commands: {
    on: switching('on', 'switch an outlet on'),
    off: switching('off', 'switch an outlet off'),
    cycle: switching('cycle', 'switch an outlet off and on again'),
  },
};

export default outlet;
