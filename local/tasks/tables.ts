/** The tables of background tasks. */

/**
 * Tasks, their threads, and the wakes that are still to be delivered.
 *
 * The body is the record; the other columns repeat members of it for looking up. `kind` and `worker_id` are words of
 * the host and kept as JSON, in which no character is cut or replaced. `finished_at` is NULL while a task is not final.
 */
export const TASK_TABLES: readonly string[] = [
  `CREATE TABLE task (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    worker_id TEXT,
    heartbeat_at INTEGER,
    finished_at INTEGER,
    updated_at INTEGER NOT NULL,
    questions INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX task_by_session ON task (session_id, position)",
  "CREATE INDEX task_live ON task (position) WHERE finished_at IS NULL AND worker_id IS NOT NULL",
  "CREATE INDEX task_finished ON task (finished_at) WHERE finished_at IS NOT NULL",
  `CREATE TABLE task_message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    task_id TEXT NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX task_message_by_task ON task_message (task_id, seq)",
  `CREATE TABLE task_wake (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    task_id TEXT NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    retry_at INTEGER,
    error TEXT,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX task_wake_by_task ON task_wake (task_id)",
  "CREATE INDEX task_wake_by_session ON task_wake (session_id, seq)",
];
