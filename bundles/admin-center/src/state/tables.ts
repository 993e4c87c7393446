/** Of the tables below; a file of a later one is left alone. */
export const LAYOUT = 1;

/** Times are ms since 1970. */
export const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS enrolment (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, fingerprint TEXT NOT NULL, key TEXT NOT NULL, serial TEXT NOT NULL,
    model TEXT NOT NULL, runtime TEXT NOT NULL, address TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL,
    code TEXT NOT NULL, wrong INTEGER NOT NULL DEFAULT 0, gateway TEXT, decided INTEGER, actor TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS enrolment_fingerprint ON enrolment (fingerprint, created);
  CREATE INDEX IF NOT EXISTS enrolment_state ON enrolment (state, address);
  CREATE TABLE IF NOT EXISTS gateway (
    id TEXT PRIMARY KEY, name TEXT UNIQUE, state TEXT NOT NULL, serial TEXT NOT NULL, model TEXT NOT NULL,
    runtime TEXT NOT NULL, fingerprint TEXT NOT NULL, address TEXT NOT NULL, enrolled INTEGER NOT NULL,
    approvedBy TEXT NOT NULL, certificate TEXT NOT NULL, certificateDigest TEXT NOT NULL UNIQUE,
    certificateSerial TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, revoked INTEGER, sequence INTEGER NOT NULL DEFAULT 0,
    reached INTEGER NOT NULL DEFAULT 0, reported INTEGER, report TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS desired (
    gateway TEXT NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
    content TEXT NOT NULL, before TEXT NOT NULL, PRIMARY KEY (gateway, sequence)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outcome (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, sequence INTEGER NOT NULL, time INTEGER NOT NULL, phase TEXT NOT NULL,
    detail TEXT, changeId TEXT) STRICT;
  CREATE INDEX IF NOT EXISTS outcome_gateway ON outcome (gateway, id);
  CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, report TEXT NOT NULL, UNIQUE (gateway, report)) STRICT;
  CREATE TABLE IF NOT EXISTS artifact (
    sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
    signatures INTEGER NOT NULL, added INTEGER NOT NULL, actor TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS audit (
    n INTEGER PRIMARY KEY, time INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT NOT NULL,
    result TEXT NOT NULL, prev TEXT NOT NULL) STRICT;
`;
