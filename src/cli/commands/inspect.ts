import type { ComponentInfo, ServiceInfo } from '../../bundle/contract.js';
import type { Command } from '../contract.js';
import { json, table } from '../output.js';

export const service: Command = {
  summary: 'services of the running node',
  commands: {
    list: {
      summary: 'list services',
      options: {
        '--filter <filter>': 'RFC 4515 filter over their properties, such as (scheme=snmp)',
        '--json': 'print JSON',
      },
      async run({ options, stdout, call }) {
        const services = (await call('service.list', { filter: options['filter'] })) as ServiceInfo[];
        if (options['json']) stdout.write(json(services));
        else
          stdout.write(
            table(
              services.map(({ id, contracts, bundle, users }) => ({
                id,
                contract: contracts.join(' '),
                bundle,
                users: users.join(' '),
              })),
            ),
          );
      },
    },
  },
};

export const component: Command = {
  summary: 'components of the running node',
  commands: {
    list: {
      summary: 'list components and their states',
      options: { '--json': 'print JSON' },
      async run({ options, stdout, call }) {
        const components = (await call('component.list')) as ComponentInfo[];
        if (options['json']) stdout.write(json(components));
        else
          stdout.write(
            table(
              components.map(({ name, bundle, state, reasons }) => ({ name, bundle, state, why: reasons[0] ?? '' })),
            ),
          );
      },
    },
    why: {
      summary: 'why a component is not active',
      arguments: '<name>',
      options: { '--json': 'print JSON' },
      async run({ arguments: [name], options, stdout, call }) {
        const info = (await call('component.why', { name })) as ComponentInfo;
        if (options['json']) stdout.write(json(info));
        else {
          stdout.write(`${info.name} of ${info.bundle} is ${info.state}\n`);
          for (const reason of info.reasons) stdout.write(`  - ${reason}\n`);
        }
      },
    },
    effects: {
      summary: 'what an active component owns: timers, sockets, services',
      arguments: '<name>',
      options: { '--json': 'print JSON' },
      async run({ arguments: [name], options, stdout, call }) {
        const effects = (await call('component.effects', { name })) as string[];
        stdout.write(options['json'] ? json(effects) : effects.map((effect) => `${effect}\n`).join(''));
      },
    },
  },
};
