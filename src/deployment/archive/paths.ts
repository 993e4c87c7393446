const SEGMENT = /^[A-Za-z0-9._@+-]{1,100}$/;
const DEPTH = 12;
/** What a ustar header holds without an extended one, less `package/`. */
const LENGTH = 200;
/** Devices of Windows, whatever the extension (Microsoft, Naming Files, Paths, and Namespaces). */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Why a path of an archive is refused, as the end of a sentence that names it; undefined when it is fine. */
export function refusalOfPath(path: string): string | undefined {
  if (path.length > LENGTH) return `a path of more than ${LENGTH} characters`;
  if (path.startsWith('/')) return 'an absolute path';
  const segments = path.split('/');
  if (segments.length > DEPTH) return `which lies more than ${DEPTH} folders deep`;
  for (const segment of segments) {
    if (segment === '..' || segment === '.' || segment === '') return 'a path that leads elsewhere';
    if (!SEGMENT.test(segment)) return 'a path with characters other than letters, digits and . _ @ + -';
    if (segment.endsWith('.') || WINDOWS_DEVICE.test(segment)) return 'a name that some systems cannot hold';
  }
  return undefined;
}

/** Remembers paths. Each call says why one cannot stand beside those before it, on file systems that ignore case too. */
export function takenNames(): (path: string) => string | undefined {
  const files = new Set<string>();
  const folders = new Set<string>();
  return (path) => {
    const folded = path.toLowerCase();
    if (files.has(folded)) return 'which is there twice';
    if (folders.has(folded)) return 'which is a file and a folder';
    files.add(folded);
    for (let slash = folded.lastIndexOf('/'); slash > 0; slash = folded.lastIndexOf('/', slash - 1)) {
      const folder = folded.slice(0, slash);
      if (files.has(folder)) return 'which lies in a file';
      folders.add(folder);
    }
    return undefined;
  };
}
