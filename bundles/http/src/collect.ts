import { errorMessage, type Logger, RackwattError } from 'rackwatt';
import type { MetricFamily, MetricsSource } from './contract.js';
import type { Traffic } from './traffic.js';

const PATIENCE = 5_000;

/** Asks all sources at once. One that fails or is late is left out and counted; the scrape still succeeds. */
export async function collect(
  sources: Iterable<MetricsSource>,
  traffic: Traffic,
  log: Logger,
): Promise<MetricFamily[]> {
  const found = await Promise.all(
    [...sources].map(async (source) => {
      try {
        return await inTime(source.collect());
      } catch (error) {
        traffic.sourceErrors++;
        log.warn({ error: errorMessage(error) }, 'a metrics source failed; its figures are missing from /metrics');
        return [];
      }
    }),
  );
  return [...found.flat(), ...traffic.families()];
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RackwattError('METRICS_LATE', `a metrics source gave nothing within ${PATIENCE / 1000} s`)),
      PATIENCE,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
