/** Tables of schedules. */

/** One statement each. */
export const SCHEDULE_TABLES: readonly string[] = [
  // `body` is the record as JSON, `last_error` a JSON text; the hash is over the organisation, `body` and `metadata`.
  `CREATE TABLE schedule (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    org_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    next_trigger_at INTEGER,
    claimed_by TEXT,
    retry_at INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    body TEXT NOT NULL,
    metadata TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX schedule_by_session ON schedule (org_id, session_id, position)`,
  `CREATE INDEX schedule_due ON schedule (org_id, next_trigger_at) WHERE enabled = 1`,
];
