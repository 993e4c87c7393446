import { type BenchOptions, median, type Print, SUBJECT } from './figures.js';
import { peers } from './peers.js';
import { alternate, measure, own } from './process.js';

const COUNT = 1000;
const DEEP = 100_000;

/**
 * Chains of components up and down in both orders, and 1,000 components that follow a better service; every run in a
 * fresh process with the default stack. Where both orders were measured, the metric is the slower one.
 */
// oxlint-disable-next-line typescript/require-await -- every bench is awaited
export async function componentBench(print: Print, { quick }: BenchOptions = { quick: false }): Promise<void> {
  const rounds = quick ? 1 : 7;
  chains(print, rounds);
  rebind(print, rounds);
  const deep = measure(own(SUBJECT, 'chain', String(DEEP), 'reverse'));
  print({ metric: 'component.chain-100000-up-ms', value: deep['upMs']!, unit: 'ms', subject: SUBJECT });
  print({ metric: 'component.chain-100000-down-ms', value: deep['downMs']!, unit: 'ms', subject: SUBJECT });
}

const ORDERS = { forward: 'fwd', reverse: 'rev' } as const;

function chains(print: Print, rounds: number): void {
  const slowest = { up: 0, down: 0 };
  for (const [order, variant] of Object.entries(ORDERS)) {
    const others = peers(['cordis'], (peer) => [`${peer}.mjs`, 'echain', String(COUNT), variant]);
    const measured = alternate([own(SUBJECT, 'chain', String(COUNT), order), ...others], rounds);
    for (const [subject, runs] of measured) {
      const ups = runs.map((run) => run['upMs'] ?? run['activate_ms']!);
      const downs = runs.map((run) => run['downMs'] ?? run['deactivate_ms']!);
      print({ metric: `component.chain-1000-${order}-up-ms`, value: median(ups), unit: 'ms', subject });
      print({ metric: `component.chain-1000-${order}-down-ms`, value: median(downs), unit: 'ms', subject });
      if (subject !== SUBJECT) continue;
      slowest.up = Math.max(slowest.up, median(ups));
      slowest.down = Math.max(slowest.down, median(downs));
    }
  }
  print({ metric: 'component.chain-1000-up-ms', value: slowest.up, unit: 'ms', subject: SUBJECT });
  print({ metric: 'component.chain-1000-down-ms', value: slowest.down, unit: 'ms', subject: SUBJECT });
}

function rebind(print: Print, rounds: number): void {
  const others = peers(['cordis'], (peer) => [`${peer}.mjs`, 'erebind', String(COUNT)]);
  for (const [subject, runs] of alternate([own(SUBJECT, 'rebind', String(COUNT)), ...others], rounds)) {
    const value = median(runs.map((run) => run['toBetterMs'] ?? run['restart_all_ms']!));
    print({ metric: 'component.rebind-1000-ms', value, unit: 'ms', subject });
    if (subject !== SUBJECT) continue;
    const loss = median(runs.map((run) => run['onLossMs']!));
    print({ metric: 'component.rebind-1000-on-loss-ms', value: loss, unit: 'ms', subject });
  }
}
