import { type CommandInput, errorMessage, parseDuration } from 'rackwatt';
import { centerError } from '../errors.js';
import type { GatewayView, Progress } from '../views.js';
import { json, oneLine, optionOf } from './words.js';

/** What became of an order. */
export interface Result {
  gateway: string;
  name: string | null;
  sequence: number | null;
  /** A phase of the gateway; `superseded` and `timeout` are the center's words. */
  outcome: Progress | 'superseded' | 'timeout';
  detail: string | null;
}

const FAILED: readonly Result['outcome'][] = ['refused', 'rolled-back', 'cancelled', 'none'];
const ENDED: readonly Result['outcome'][] = ['converged', ...FAILED];

/** How long one call waits for a change, ms: whoever gives up has to wait for it. */
const LOOK = 2_000;

export const WAIT_OPTIONS = {
  '--timeout <duration>': { description: 'how long to wait: "90 s"', default: '30 min' },
};

/**
 * Shows how gateways come to run what they shall, until all have or one cannot any more.
 * @param orders gateways, and the order that is meant; the present one when absent
 * @throws `FLEET_NOT_CONVERGED` with what the gateways say
 */
export async function waitFor(
  input: CommandInput,
  orders: readonly { gateway: string; sequence?: number }[],
): Promise<number> {
  const end = performance.now() + parseDuration(optionOf(input, 'timeout') ?? '30 min');
  const results = await Promise.all(orders.map((order) => follow(input, order, end)));
  const failed = results.filter(({ outcome }) => outcome !== 'converged');
  if (json(input, results)) return failed.length > 0 ? 1 : 0;
  if (failed.length === 0) return 0;
  throw centerError(
    'FLEET_NOT_CONVERGED',
    failed.map((result) => `${result.name ?? result.gateway}: ${sentence(result)}`).join('; '),
  );
}

async function follow(
  input: CommandInput,
  { gateway, sequence }: { gateway: string; sequence?: number },
  end: number,
): Promise<Result> {
  let [version, shown, meant] = [-1, '', sequence];
  const aborted = new Promise<'aborted'>((resolve) =>
    input.signal.addEventListener('abort', () => resolve('aborted'), { once: true }),
  );
  for (;;) {
    const left = end - performance.now();
    const late = timeout(left);
    const wait = Math.round(Math.min(Math.max(0, left), LOOK));
    const changed = input.call('fleet.changed', { gateway, version, wait }) as Promise<{
      version: number;
      gateway: GatewayView;
    }>;
    // Whoever goes on without it does not want to hear that it failed.
    changed.catch((error: unknown) => void errorMessage(error));
    const next = await Promise.race([changed, late.over, aborted]).finally(late.clear);
    if (next === 'aborted')
      throw centerError('FLEET_NOT_CONVERGED', 'nobody waits any more; the order holds all the same');
    if (next === 'over') return { gateway, name: null, sequence: meant ?? null, outcome: 'timeout', detail: null };
    version = next.version;
    const view = next.gateway;
    const { progress, detail } = view.desired;
    meant ??= view.desired.sequence ?? undefined;
    const result: Result = { gateway: view.id, name: view.name, sequence: meant ?? null, outcome: progress, detail };
    if (view.desired.sequence !== (meant ?? null)) return { ...result, outcome: 'superseded', detail: null };
    const line = `${view.name ?? view.id}  ${describe(view)}\n`;
    if (line !== shown && input.options['json'] !== true) input.stdout.write(line);
    shown = line;
    if (ENDED.includes(progress)) return result;
  }
}

/** Where a gateway is, in words. */
export function describe({ desired, isOnline }: Pick<GatewayView, 'desired' | 'isOnline'>): string {
  const { progress, detail, downloaded } = desired;
  const away = isOnline ? '' : ' (the gateway is away)';
  const part = progress === 'downloading' && downloaded !== null ? ` ${Math.floor(downloaded * 100)} %` : '';
  return `${progress}${part}${away}${detail === null ? '' : `: ${oneLine(detail)}`}`;
}

function sentence({ outcome, detail }: Result): string {
  if (outcome === 'timeout') return 'not at its end in time; "rackwatt fleet wait" goes on waiting';
  if (outcome === 'superseded') return 'somebody gave another order meanwhile';
  if (outcome === 'none') return 'nobody said yet what it shall run';
  return detail === null ? outcome : `${outcome}: ${oneLine(detail)}`;
}

function timeout(time: number): { over: Promise<'over'>; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<'over'>((resolve) => {
    timer = setTimeout(() => resolve('over'), Math.min(Math.max(0, time), 2 ** 31 - 1));
  });
  return { over, clear: () => clearTimeout(timer) };
}
