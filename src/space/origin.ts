import { AsyncLocalStorage } from 'node:async_hooks';

/** Which label an error belongs to, as a string that keeps no revision; known by its frames, or by the resource that failed. */
const origins = new WeakMap<object, string>();
/** Whose timer or callback an error left; its frames may say better. */
const leavings = new WeakMap<object, string>();
/** The same for what cannot be a key, such as a thrown text. */
let lastLeaving: { thrown: unknown; label: string } | undefined;

/** On whose behalf code runs: follows what modules of a space begin through timers, sockets and promises. */
const activity = new AsyncLocalStorage<string>();

function isKey(error: unknown): error is object {
  return (typeof error === 'object' && error !== null) || typeof error === 'function';
}

export function attributeError(error: unknown, label: string): void {
  if (isKey(error) && !origins.has(error)) origins.set(error, label);
}

export function originOf(error: unknown): string | undefined {
  return isKey(error) ? origins.get(error) : undefined;
}

/** Runs the code of a space: what it throws later without a frame of its own is still known to be its. */
export function runAs<T>(label: string, run: () => T): T {
  return activity.run(label, run);
}

/** Notes what leaves a callback that a space began, on its way to become an uncaught error. */
export function noteLeaving(thrown: unknown, label: string): void {
  if (!isKey(thrown)) lastLeaving = { thrown, label };
  else if (!leavings.has(thrown)) leavings.set(thrown, label);
}

/**
 * On whose behalf the code ran that an uncaught error or rejection came from; to be asked while it is handled. Weaker than frames: code
 * that another bundle called runs on behalf of the caller.
 */
export function activityOf(error: unknown): string | undefined {
  const leaving = isKey(error) ? leavings.get(error) : lastLeaving?.thrown === error ? lastLeaving?.label : undefined;
  lastLeaving = undefined;
  return leaving ?? activity.getStore();
}
