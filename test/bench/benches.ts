import type { BenchOptions, Print } from './figures.js';

export type Bench = (print: Print, options: BenchOptions) => Promise<void>;

export interface BenchEntry {
  name: string;
  /** Metrics begin with one of these; a metric may be asked for instead of the bench. */
  gives: readonly string[];
  /** Another bench that is not whole without it: asked for with that one. */
  with?: string;
  /** Commands of the system without which it measures nothing. */
  needs?: readonly string[];
  /** Fresh processes of which the medians are printed; those that take medians themselves run once. */
  rounds?: number;
  load(): Promise<Bench>;
}

/** Loads a bench by its place, so that one that does not build keeps no other from running. */
const from = async (file: string, name: string): Promise<Bench> => {
  const module = (await import(new URL(`./${file}.js`, import.meta.url).href)) as Record<string, Bench>;
  return module[name]!;
};

export const BENCHES: readonly BenchEntry[] = [
  { name: 'container', gives: ['container.'], load: () => from('container', 'containerBench') },
  {
    name: 'registry',
    gives: ['registry.'],
    with: 'container',
    rounds: 3,
    load: () => from('registry', 'registryBench'),
  },
  { name: 'event', gives: ['event.'], with: 'container', rounds: 3, load: () => from('event', 'eventBench') },
  { name: 'component', gives: ['component.'], with: 'container', load: () => from('component', 'componentBench') },
  { name: 'swap', gives: ['swap.'], load: () => from('swap', 'swapBench') },
  { name: 'space', gives: ['space.'], load: () => from('space', 'spaceBench') },
  { name: 'isolation', gives: ['isolation.'], with: 'swap', load: () => from('isolation', 'isolationBench') },
  { name: 'polling', gives: ['polling.cpu'], needs: ['snmpd'], load: () => from('polling', 'pollingBench') },
  { name: 'hall', gives: ['polling.hall', 'polling.dead'], with: 'polling', load: () => from('hall', 'hallBench') },
  { name: 'fuzz', gives: ['fuzz.'], load: () => from('fuzz', 'fuzzBench') },
  { name: 'outbox', gives: ['pipeline.outbox'], load: () => from('outbox', 'outboxBench') },
  { name: 'ingest', gives: ['pipeline.ingest', 'pipeline.queryable'], load: () => from('ingest', 'ingestBench') },
  { name: 'store', gives: ['store.'], load: () => from('store', 'storeBench') },
];
