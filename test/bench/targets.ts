/** The figures to reach: what each is, how far, and what peers measured elsewhere on a machine of two cores. */
export interface Target {
  metric: string;
  reach: string;
  limit: number;
  /** `most`: no more than the limit; `least`: no less. */
  side: 'most' | 'least';
  peers: string;
}

const most = (metric: string, limit: number, unit = '', peers = '-'): Target => ({
  metric,
  reach: `<= ${limit.toLocaleString('en')}${unit && ` ${unit}`}`,
  limit,
  side: 'most',
  peers,
});
const least = (metric: string, limit: number, unit = '', peers = '-'): Target => ({
  metric,
  reach: `>= ${limit.toLocaleString('en')}${unit && ` ${unit}`}`,
  limit,
  side: 'least',
  peers,
});

export const TARGETS: readonly Target[] = [
  most('container.cold-start-ratio', 2, '', 'pandino 1.0, iPOPO 1.1, cordis 1.7, Knopflerfish 3.4, Felix 7'),
  most('gateway.rss-mb', 150, 'MB', 'the libraries alone 91'),
  most('container.start-1000-ms', 300, 'ms', 'iPOPO 219, cordis 985, Felix 3,370'),
  most('container.install-1000-ms', 1500, 'ms', 'none is durable'),
  least('registry.filter-unique-100k-per-s', 500_000, '/s', '11-64'),
  least('registry.filter-all-100k-per-s', 2000, '/s', '6-49'),
  least('registry.best-100k-per-s', 1_000_000, '/s', 'iPOPO 541,000, Equinox 175'),
  least('registry.dispatch-1-of-1000-per-s', 500_000, '/s', 'Equinox 5,850, Felix 2,690'),
  least('event.post-1-of-1000-per-s', 500_000, '/s'),
  most('component.chain-1000-up-ms', 30, 'ms', 'iPOPO 50 (breaks at 91), cordis 705, SCR 733-794'),
  most('component.chain-1000-down-ms', 30, 'ms', 'cordis 234-441, SCR 311-642; most break'),
  most('component.rebind-1000-ms', 2.5, 'ms', 'Equinox SCR 2.5, Felix SCR 3.9, iPOPO 16'),
  most('swap.flip-ms', 1, 'ms', 'iPOPO 0.28, cordis 0.7-1.2, Felix 1.8'),
  most('swap.archive-ms', 50, 'ms'),
  most('swap.kept-kb', 0.5, 'KB', '-0.04 to 0.6; cordis ESM 68'),
  least('isolation.worker-calls-per-s', 150_000, '/s', 'comlink 46,000, birpc 66,000'),
  least('isolation.worker-bursts-per-s', 300_000, '/s'),
  most('polling.cpu-ratio', 1.3, '', 'snmp_exporter 2.5, collectd 3.7'),
  most('polling.hall-cpu', 0.25, 'core'),
  most('polling.hall-lateness-p99-ms', 200, 'ms'),
  least('pipeline.outbox-per-s', 200_000, '/s'),
  least('pipeline.ingest-per-s', 150_000, '/s', 'PostgreSQL 110,000, VictoriaMetrics 700,000'),
  most('pipeline.queryable-p99-ms', 500, 'ms'),
  most('pipeline.backlog-min', 5, 'min'),
  most('store.bytes-quantised', 0.75, 'B', 'VictoriaMetrics 0.69, PostgreSQL 74'),
  most('store.bytes-noisy', 3, 'B'),
  most('store.bytes-all-in', 1.5, 'B'),
  most('store.day-of-point-ms', 5, 'ms', 'VictoriaMetrics 0.5 (288 readings)'),
  most('store.month-of-1000-ms', 500, 'ms', 'VictoriaMetrics 493'),
  most('pipeline.kill-lost', 0),
  most('pipeline.kill-doubled', 0),
  most('console.first-view-ms', 1500, 'ms'),
  most('console.js-kb', 150, 'KB'),
];

export function reached({ limit, side }: Target, value: number): boolean {
  return side === 'most' ? value <= limit : value >= limit;
}
