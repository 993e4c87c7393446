import { signal } from '@preact/signals';

let offset = 0;

/** The node's time, ms, each second: ages are its ages, whatever this machine's clock says. */
export const now = signal(Date.now());

/** Takes the node's time from an answer. */
export function heard(time: number): void {
  offset = time - Date.now();
  tick();
}

function tick(): void {
  now.value = Date.now() + offset;
}

setInterval(tick, 1000);
