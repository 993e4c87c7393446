/** Colour is never alone: each tone has a shape, each state its word. */
export type Tone = 'ok' | 'warn' | 'bad' | 'idle';

export const ICONS: Readonly<Record<Tone, string>> = { ok: '●', warn: '▲', bad: '✖', idle: '○' };

interface StateWord {
  word: string;
  tone: Tone;
}

export const DEVICE_STATES: Readonly<Record<string, StateWord>> = {
  ok: { word: 'OK', tone: 'ok' },
  connecting: { word: 'Connecting', tone: 'idle' },
  'no-answer': { word: 'No answer', tone: 'bad' },
  refused: { word: 'Refused', tone: 'bad' },
  error: { word: 'Error', tone: 'bad' },
  'no-driver': { word: 'No driver', tone: 'warn' },
  disabled: { word: 'Not read', tone: 'idle' },
  removed: { word: 'Removed', tone: 'idle' },
};

export const FOUND_STATES: Readonly<Record<string, StateWord>> = {
  recognised: { word: 'Recognised', tone: 'ok' },
  refused: { word: 'Refused', tone: 'bad' },
  unknown: { word: 'Unknown', tone: 'warn' },
};

export const HEALTH_STATES: Readonly<Record<string, StateWord>> = {
  ok: { word: 'Healthy', tone: 'ok' },
  degraded: { word: 'Degraded', tone: 'warn' },
  failed: { word: 'Failed', tone: 'bad' },
};

export const CONSENT_STATES: Readonly<Record<string, StateWord>> = {
  off: { word: 'Off', tone: 'idle' },
  connecting: { word: 'Connecting', tone: 'warn' },
  enrolling: { word: 'Waiting for approval', tone: 'warn' },
  connected: { word: 'Connected', tone: 'ok' },
  stopped: { word: 'Stopped', tone: 'bad' },
};

export const PHASES: Readonly<Record<string, StateWord>> = {
  none: { word: 'Nothing ordered', tone: 'idle' },
  sent: { word: 'Sent', tone: 'idle' },
  waiting: { word: 'Waiting', tone: 'warn' },
  downloading: { word: 'Downloading', tone: 'idle' },
  installing: { word: 'Installing', tone: 'idle' },
  probation: { word: 'On probation', tone: 'idle' },
  converged: { word: 'Runs it', tone: 'ok' },
  refused: { word: 'Refused', tone: 'bad' },
  'rolled-back': { word: 'Rolled back', tone: 'bad' },
  cancelled: { word: 'Cancelled at the gateway', tone: 'warn' },
};

/** Words of `STATES` and how they look; switched off is no fault. */
export const POINT_TONES: Readonly<Record<string, Tone>> = {
  on: 'ok',
  closed: 'ok',
  normal: 'ok',
  ok: 'ok',
  off: 'idle',
  open: 'idle',
  unknown: 'idle',
  unavailable: 'idle',
  'turning-on': 'idle',
  'turning-off': 'idle',
  'low-warning': 'warn',
  'high-warning': 'warn',
  alarm: 'bad',
  fault: 'bad',
  tripped: 'bad',
  'low-critical': 'bad',
  'high-critical': 'bad',
};

export const stateWord = (table: Readonly<Record<string, StateWord>>, state: string): StateWord =>
  table[state] ?? { word: state, tone: 'idle' };
