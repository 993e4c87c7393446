import { signal } from '@preact/signals';

/** The URL's hash holds what is shown, so that a link shows a colleague the same. */
export interface Place {
  /** Decoded segments: `#/devices/APC:1?point=3` -> `['devices', 'APC:1']`. */
  path: string[];
  query: URLSearchParams;
}

function read(): Place {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (malformed) {
    void malformed;
    return text;
  }
}

export const place = signal(read());

addEventListener('hashchange', () => {
  place.value = read();
});

export function href(path: readonly string[], query: Record<string, string> = {}): string {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${search && `?${search}`}`;
}

export function go(path: readonly string[], query?: Record<string, string>): void {
  location.hash = href(path, query);
}

/** Changes parts of the query; an empty value removes one. Leaves no step in the history unless `remember`. */
export function setQuery(changes: Record<string, string>, remember = false): void {
  const { path, query } = place.peek();
  const target = href(path, { ...Object.fromEntries(query), ...changes });
  if (remember) location.hash = target;
  else {
    history.replaceState(null, '', target);
    place.value = read();
  }
}
