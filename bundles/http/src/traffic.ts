import type { MetricFamily } from './contract.js';

/** Counts of what the server did, for `/metrics` and health. */
export class Traffic {
  readonly #requests = new Map<string, { labels: Record<string, string>; count: number; seconds: number }>();
  readonly started = Date.now();
  streams = 0;
  requests = 0;
  sourceErrors = 0;

  /** @param route as declared, never the path asked for, so that labels stay few. */
  count(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${route} ${status}`;
    const entry = this.#requests.get(key) ?? {
      labels: { method, route, status: String(status) },
      count: 0,
      seconds: 0,
    };
    entry.count++;
    entry.seconds += seconds;
    this.#requests.set(key, entry);
    this.requests++;
  }

  families(): MetricFamily[] {
    const requests = [...this.#requests.values()];
    const one = (name: string, help: string, type: MetricFamily['type'], value: number): MetricFamily => ({
      name,
      help,
      type,
      samples: [{ labels: {}, value }],
    });
    const cpu = process.cpuUsage();
    return [
      {
        name: 'rackwatt_http_requests_total',
        help: 'Requests answered',
        type: 'counter',
        samples: requests.map(({ labels, count }) => ({ labels, value: count })),
      },
      {
        name: 'rackwatt_http_request_seconds_total',
        help: 'Time spent on requests',
        type: 'counter',
        samples: requests.map(({ labels, seconds }) => ({ labels, value: seconds })),
      },
      one('rackwatt_http_streams', 'Open event streams', 'gauge', this.streams),
      one(
        'rackwatt_metrics_source_errors_total',
        'Metrics sources that failed or were late',
        'counter',
        this.sourceErrors,
      ),
      one('rackwatt_process_resident_memory_bytes', 'Resident memory of the node', 'gauge', process.memoryUsage.rss()),
      one('rackwatt_process_cpu_seconds_total', 'CPU time of the node', 'counter', (cpu.user + cpu.system) / 1e6),
      one(
        'rackwatt_process_start_time_seconds',
        'Start of the node',
        'gauge',
        Math.round(Date.now() / 1000 - process.uptime()),
      ),
    ];
  }
}
