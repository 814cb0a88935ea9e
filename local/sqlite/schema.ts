/** The schema of a store: the tables of every feature. */

import { JOURNAL_TABLES } from "../journal/tables.ts";
import { RECORD_TABLES } from "../records/tables.ts";
import { SCHEDULE_TABLES } from "../schedules/tables.ts";
import { TASK_TABLES } from "../tasks/tables.ts";

/** The statements of version 1. */
export const SCHEMA: readonly string[] = [...JOURNAL_TABLES, ...RECORD_TABLES, ...TASK_TABLES, ...SCHEDULE_TABLES];
