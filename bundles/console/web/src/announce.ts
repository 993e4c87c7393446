import { signal } from '@preact/signals';

/** What a screen reader is told once, politely: outcomes of what the user did, never readings. */
export const announcement = signal('');

export function announce(text: string): void {
  announcement.value = text;
}
