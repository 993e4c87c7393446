import type { Sample, StoreBatch } from '@rackwatt/telemetry';
import { storeError } from './errors.js';

/** @throws STORE_BATCH_INVALID */
export function checkBatch(batch: StoreBatch): void {
  const { gateway, epoch, class: batchClass, sequence } = batch;
  const refuse = (what: string): never => {
    throw storeError(
      'STORE_BATCH_INVALID',
      `Batch ${sequence} (${batchClass}) of gateway ${gateway} is refused: ${what}.`,
      { gateway, epoch, class: batchClass, sequence, what },
    );
  };
  if (
    ![gateway, epoch, batchClass].every((text) => typeof text === 'string' && text !== '') ||
    !Number.isSafeInteger(sequence) ||
    sequence < 0
  ) {
    refuse('it lacks its gateway, epoch, class or sequence');
  }
  for (const sample of batch.samples) {
    const wrong = wrongWith(sample);
    if (wrong) refuse(wrong);
  }
  for (const { device, from, to, time } of batch.gaps) {
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to || !Number.isFinite(time))
      refuse(`a gap of ${device} is no range of due numbers`);
  }
  for (const { time } of batch.events) if (!Number.isFinite(time)) refuse('an event has no time');
  for (const { device, since } of batch.statuses)
    if (!Number.isFinite(since)) refuse(`the state of ${device} has no time`);
}

function wrongWith({ device, number, time, points, values, quality, states }: Sample): string | undefined {
  const count = points.length;
  if (values.length !== count || quality.length !== count || states.length !== count)
    return `a sample of ${device} has columns of different lengths`;
  if (!Number.isSafeInteger(number) || number < 0) return `a sample of ${device} has no due number`;
  if (!Number.isFinite(time)) return `a sample of ${device} has no time`;
  for (let i = 1; i < count; i++)
    if (points[i]! <= points[i - 1]!)
      return new Set(points).size < count ? `a sample of ${device} has a point twice` : undefined;
  return undefined;
}

/** @throws STORE_QUERY_INVALID */
export function checkQuery(query: { from?: number; to?: number; limit?: number }): void {
  for (const key of ['from', 'to'] as const) {
    if (query[key] !== undefined && (typeof query[key] !== 'number' || Number.isNaN(query[key]))) {
      throw storeError(
        'STORE_QUERY_INVALID',
        `"${key}" of a query is a time in ms since 1970, not ${String(query[key])}.`,
        { [key]: query[key] },
      );
    }
  }
  if (query.limit !== undefined && !(query.limit >= 0))
    throw storeError('STORE_QUERY_INVALID', `"limit" of a query is a count, not ${query.limit}.`, {
      limit: query.limit,
    });
}
