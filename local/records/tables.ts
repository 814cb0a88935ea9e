/** Tables of records, session files and session storage. */

/** One statement each. */
export const RECORD_TABLES: readonly string[] = [
  // Harnesses, agents and sessions as JSON; `position` is the order in which they were added.
  `CREATE TABLE record (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('harness', 'agent', 'session')),
    id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
  // Keys are JSON text, since a key may be any text.
  `CREATE TABLE session_value (
    session_id TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (session_id, key)
  ) STRICT`,
  `CREATE TABLE session_secret (
    session_id TEXT NOT NULL,
    name TEXT NOT NULL,
    nonce BLOB NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (session_id, name)
  ) STRICT`,
  // What the files of a workspace come to, and the times of its root; ids are JSON text, since an id may be any text.
  `CREATE TABLE workspace (
    id TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    directories INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT`,
  // Everything but the root. Paths are canonical; a directory has no encoding, hash and content. The content comes last:
  // SQLite reads through a long one to get at what is after it.
  `CREATE TABLE file (
    workspace_id TEXT NOT NULL,
    path TEXT NOT NULL,
    parent TEXT NOT NULL,
    is_directory INTEGER NOT NULL,
    is_readonly INTEGER NOT NULL,
    encoding TEXT CHECK (encoding IN ('text', 'base64')),
    size_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    hash TEXT,
    content BLOB,
    PRIMARY KEY (workspace_id, path)
  ) STRICT`,
  `CREATE INDEX file_by_parent ON file (workspace_id, parent)`,
];
