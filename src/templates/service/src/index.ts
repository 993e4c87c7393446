import { component } from 'rackwatt';
import { Type } from 'typebox';
import { Acme } from './contract.js';
import { Counter } from './counter.js';

const Configuration = Type.Object(
  {
    names: Type.Integer({ minimum: 1, default: 1000, description: 'How many names are counted.' }),
    report: Type.Integer({
      minimum: 1000,
      default: 60_000,
      description: 'Milliseconds between two reports in the log.',
    }),
  },
  { additionalProperties: false },
);

/** Provides `Acme` and reports now and then; the timer belongs to the scope and goes with the component. */
export const counter = component({
  name: 'acme.counter',
  provides: Acme,
  configuration: { schema: Configuration },
  wiring: { counter: ({ config }) => new Counter(config.names) },
  activate: ({ counter: made, config, log, scope }) => {
    scope.interval(
      'report',
      config.report,
      async () => log.info({ totals: await made.totals() }, 'counted so far'),
      (error) => log.error({ error }, 'the report failed'),
    );
    return made;
  },
});

export { Counter } from './counter.js';
