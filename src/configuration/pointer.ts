/** JSON pointer (RFC 6901) of a list of keys. */
export function pointerOf(...keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** Keys of a JSON pointer; array indexes stay text. */
export function keysOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** `/location/rack` -> `location.rack`, `/bundles/0/id` -> `bundles[0].id`: how people name a place. */
export function placeOf(pointer: string): string {
  return keysOf(pointer).reduce((place, key) => {
    if (/^\d+$/.test(key) && place !== '') return `${place}[${key}]`;
    return place === '' ? key : `${place}.${key}`;
  }, '');
}
