/** Variables that tell a child about the machine; everything else, such as a key, stays with the node. */
const PASSED = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'NODE_ENV',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** The environment of a worker or process that runs a bundle. */
export function childEnvironment(own: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of PASSED) {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
