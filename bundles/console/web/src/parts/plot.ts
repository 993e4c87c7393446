import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { decimal } from '../format.js';

const HEIGHT = 240;

interface Options {
  label: string;
  unit: string;
  digits: number;
  /** Width of the time axis, ms. */
  span: number;
}

/** A line over time in the page's colours. */
export class Plot {
  readonly #plot: uPlot;
  readonly #span: number;
  readonly #resize: ResizeObserver;
  readonly #scheme = matchMedia('(prefers-color-scheme: dark)');
  readonly #redraw = () => this.#plot.redraw(false, false);

  constructor(host: HTMLElement, { label, unit, digits, span }: Options) {
    this.#span = span;
    const colour = (name: string) => () => getComputedStyle(host).getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    this.#plot = new uPlot(
      {
        width: host.clientWidth || 600,
        height: HEIGHT,
        ms: 1,
        series: [
          { label: 'Time', value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}' },
          {
            label: `${label} ${unit}`.trim(),
            stroke: colour('--accent'),
            fill: colour('--accent-wash'),
            width: 1.75,
            value: (_, value: number | null) => decimal(value, digits),
            points: { show: false },
          },
        ],
        axes: [
          {
            ...axis,
            values: [
              [86_400_000, '{DD}.{MM}.', null, null, null, null, null, null, 1],
              [60_000, '{HH}:{mm}', null, null, null, null, null, null, 1],
              [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
            ],
          },
          { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => decimal(tick, tickDigits(ticks))) },
        ],
        scales: { y: { range: padded } },
        cursor: { y: false },
      },
      [[], []],
      host,
    );
    this.#resize = new ResizeObserver(() => this.#plot.setSize({ width: host.clientWidth, height: HEIGHT }));
    this.#resize.observe(host);
    this.#scheme.addEventListener('change', this.#redraw);
  }

  draw(times: readonly number[], values: readonly (number | null)[]): void {
    const end = times.at(-1) ?? Date.now();
    this.#plot.batch(() => {
      this.#plot.setData([times.slice(), values.slice()], false);
      this.#plot.setScale('x', { min: end - this.#span, max: end });
    });
  }

  close(): void {
    this.#resize.disconnect();
    this.#scheme.removeEventListener('change', this.#redraw);
    this.#plot.destroy();
  }
}

function tickDigits(ticks: readonly number[]): number {
  const step = Math.abs((ticks[1] ?? 1) - (ticks[0] ?? 0));
  return step >= 1 || step === 0 ? 0 : Math.min(4, Math.ceil(-Math.log10(step)));
}

/** A flat line stands in the middle, not at an edge. */
function padded(_: uPlot, least: number | null, greatest: number | null): [number, number] {
  if (least === null || greatest === null) return [0, 1];
  const pad = Math.max((greatest - least) * 0.15, Math.abs(greatest) * 0.005, 0.001);
  const low = least - pad;
  return [least >= 0 && low < 0 ? 0 : low, greatest + pad];
}
