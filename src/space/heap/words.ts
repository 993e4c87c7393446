import type { HeapGraph, Step } from './graph.js';
import type { Ownership } from './ownership.js';

/** What holds a revision, in words. */
export interface HolderWords {
  /** What kind of thing: decides the advice. */
  kind: HolderKind;
  sentence: string;
}

export type HolderKind =
  | 'timer'
  | 'listener'
  | 'global'
  | 'module'
  | 'promise'
  | 'error'
  | 'async-context'
  | 'handle'
  | 'registry'
  | 'revision'
  | 'unknown';

interface Note {
  kind: HolderKind;
  text: string;
  /** Nothing above it says more. */
  last: boolean;
}

/** One rule: looks at a place of the way from the root to the revision. */
type Rule = (graph: HeapGraph, steps: readonly Step[], at: number, ownership: Ownership) => Note | undefined;

const CONTEXT = 'system / Context';
/** Objects that say nothing by their class. */
const PLAIN = new Set(['Object', 'Array', 'Map', 'Set', 'WeakMap', 'Promise', 'Generator', 'Listener', 'global', '']);

const timer: Rule = (graph, steps, at) => {
  const { to } = steps[at]!;
  if (graph.type(to) !== 'object') return undefined;
  if (graph.name(to) === 'Immediate') return { kind: 'timer', text: 'a setImmediate', last: true };
  if (graph.name(to) !== 'Timeout') return undefined;
  const list = steps.slice(0, at).findLast((step) => graph.name(step.to) === 'TimersList');
  return { kind: 'timer', text: `a timer${list ? ` of ${list.name} ms` : ''} (Timeout)`, last: true };
};

const listener: Rule = (graph, steps, at) => {
  const { from, name } = steps[at]!;
  if (name === '_events') {
    const event = steps[at + 1]?.name ?? '?';
    const emitter = graph.name(from);
    return { kind: 'listener', text: `a listener of ${emitter} '${event}'`, last: emitter === 'process' };
  }
  if (!/kEvents\b/.test(name)) return undefined;
  return { kind: 'listener', text: `a listener of an ${graph.name(from)}`, last: false };
};

const asyncContext: Rule = (graph, steps, at) =>
  graph.name(steps[at]!.to) === 'AsyncContextFrame'
    ? { kind: 'async-context', text: 'the store of an AsyncLocalStorage', last: false }
    : undefined;

const rawError: Rule = (graph, steps, at) =>
  graph.name(steps[at]!.to) === 'system / CallSiteInfo'
    ? { kind: 'error', text: 'an Error whose stack nobody has read', last: false }
    : undefined;

const promise: Rule = (graph, steps, at) =>
  graph.name(steps[at]!.to) === 'system / PromiseReaction'
    ? { kind: 'promise', text: 'a promise that never settled', last: false }
    : undefined;

const registry: Rule = (graph, steps, at) =>
  graph.name(steps[at]!.to) === 'FinalizationRegistry'
    ? { kind: 'registry', text: 'a FinalizationRegistry', last: false }
    : undefined;

const weakEntry: Rule = (_graph, steps, at) =>
  steps[at]!.name.includes('part of key (')
    ? { kind: 'registry', text: 'an entry of a WeakMap whose key lives on', last: false }
    : undefined;

const globalEntry: Rule = (graph, steps, at) => {
  const { from, to, name } = steps[at]!;
  if (graph.name(from) !== 'global' || graph.type(from) !== 'object') return undefined;
  const what = graph.type(to) === 'object' && graph.name(to) !== 'Object' ? ` (${graph.name(to)})` : '';
  return { kind: 'global', text: `an entry of globalThis: globalThis.${name}${what}`, last: true };
};

/** A variable: of a module of a bundle, of a contract, or of the host. */
const variable: Rule = (graph, steps, at, ownership) => {
  const { from, to, kind, name } = steps[at]!;
  if (kind !== 'context' || graph.name(from) !== CONTEXT) return undefined;
  const what = graph.type(to) === 'object' ? graph.name(to) : 'variable';
  const owner = ownership.ownerOf(from);
  const place = owner === undefined ? ownership.scriptOf(steps, at) : `a module of ${owner}`;
  const stream = /^(stdin|stdout|stderr)$/.test(name) && owner === undefined ? `process.${name}` : undefined;
  return { kind: 'module', text: stream ?? `the ${what} "${name}" in ${place}`, last: true };
};

const handle: Rule = (graph, steps, at) => {
  const { from, to } = steps[at]!;
  if (graph.name(from) !== '(Global handles)' || graph.name(to) === 'process') return undefined;
  return { kind: 'handle', text: `a native handle (${graph.name(to) || graph.type(to)})`, last: true };
};

const RULES: readonly Rule[] = [
  timer,
  listener,
  asyncContext,
  rawError,
  promise,
  registry,
  weakEntry,
  globalEntry,
  variable,
  handle,
];

/** @param steps from the root to the first object that belongs to the revision */
export function describeHolder(graph: HeapGraph, steps: readonly Step[], ownership: Ownership): HolderWords {
  const notes: Note[] = [];
  for (let at = steps.length - 1; at >= 0 && notes.length < 4; at--) {
    for (const rule of RULES) {
      const note = rule(graph, steps, at, ownership);
      if (!note) continue;
      notes.push(note);
      break;
    }
    if (notes.at(-1)?.last) break;
  }
  const object = steps.findLast(({ from }) => graph.type(from) === 'object' && !PLAIN.has(graph.name(from)));
  if (notes.length === 0) {
    const text = object ? `the property "${object.name}" of a ${graph.name(object.from)}` : 'something without a name';
    return { kind: 'unknown', sentence: text };
  }
  return { kind: notes[0]!.kind, sentence: notes.map(({ text }) => text).join(', held by ') };
}

/** The way as one line, for those who know V8. */
export function pathText(graph: HeapGraph, steps: readonly Step[]): string {
  return steps
    .slice(1)
    .map(
      ({ from, name }) =>
        `${graph.name(from) || graph.type(from)}.${name.replace(/^(\d+) \/ part of key.*$/s, 'value $1')}`,
    )
    .join(' > ');
}
