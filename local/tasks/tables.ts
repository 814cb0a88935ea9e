/** Tables. */

/** Placeholder. */
export const TASK_TABLES: readonly string[] = [];
