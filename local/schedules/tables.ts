/** Tables. */

/** Placeholder. */
export const SCHEDULE_TABLES: readonly string[] = [];
