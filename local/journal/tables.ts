/** Tables of the conversation. */

/** One statement each. */
export const JOURNAL_TABLES: readonly string[] = [
  // One row for each step. `talk` holds the messages, so that history is read without the events around them.
  `CREATE TABLE step (
    session_id TEXT NOT NULL,
    first_sequence INTEGER NOT NULL,
    count INTEGER NOT NULL,
    ts INTEGER NOT NULL,
    talk TEXT,
    talk_hash TEXT,
    body TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    PRIMARY KEY (session_id, first_sequence)
  ) STRICT`,
  // The lease, the newest sequence and the open turn of each session.
  `CREATE TABLE session_head (
    session_id TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    turn_status TEXT CHECK (turn_status IN ('open', 'waiting')),
    checkpoint TEXT,
    checkpoint_hash TEXT
  ) STRICT`,
  // Idempotency keys as JSON text, since a host's key may be any text.
  `CREATE TABLE input_key (
    session_id TEXT NOT NULL,
    key TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (session_id, key)
  ) STRICT, WITHOUT ROWID`,
];
