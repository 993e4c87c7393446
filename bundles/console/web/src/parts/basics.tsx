import { useComputed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { now } from '../clock.js';
import { ageText, NONE, timeText } from '../format.js';
import { freshness } from '../freshness.js';
import { ICONS, type Tone } from '../words.js';

export function Badge({ tone, children, testid }: { tone: Tone; children: ComponentChildren; testid?: string }) {
  return (
    <span class={`badge ${tone}`} data-testid={testid}>
      <span class="icon" aria-hidden="true">
        {ICONS[tone]}
      </span>
      {children}
    </span>
  );
}

/** Age of a value, dimmed when late, named stale when it says nothing any more. */
export function Age({ time, interval }: { time: number | null; interval: number }) {
  const text = useComputed(() => (time === null ? NONE : ageText(now.value - time)));
  const state = useComputed(() => (time === null ? 'fresh' : freshness(time, interval, now.value)));
  if (time === null) return <span class="age muted">{NONE}</span>;
  return (
    <span class={`age ${state.value}`} title={timeText(time)}>
      {text}
      {state.value === 'stale' && <span class="stale-word"> stale</span>}
    </span>
  );
}

export function Notice({
  tone,
  children,
  testid,
}: {
  tone: 'bad' | 'warn' | 'info';
  children: ComponentChildren;
  testid?: string;
}) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : undefined} data-testid={testid}>
      <span class="icon" aria-hidden="true">
        {tone === 'info' ? 'ℹ' : ICONS[tone]}
      </span>
      <div>{children}</div>
    </div>
  );
}

export function Search({
  value,
  label,
  onInput,
  testid,
}: {
  value: string;
  label: string;
  onInput: (text: string) => void;
  testid: string;
}) {
  return (
    <input
      class="search"
      type="search"
      placeholder={label}
      aria-label={label}
      value={value}
      data-testid={testid}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

/** A name and what it is, in a `facts-list`. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children || NONE}</dd>
    </div>
  );
}
