/**
 * Local backends: sessions, conversation, files, tasks and schedules that survive, in one data folder.
 *
 * Everything lives in one SQLite database (Deno's own `node:sqlite`) that several processes may share. A turn that a
 * crash interrupted goes on, by rules that never repeat an effect that must not be repeated.
 *
 * **Permissions**: importing it needs none. Opening a data folder needs `--allow-read=<dataDir>` and
 * `--allow-write=<dataDir>`, a real-disk workspace the same for its folder, `readPluginFolder` to read its folder, and nothing else: no net, no env, no run,
 * no ffi. A missing grant is a `PermissionMissingError` that names the flag, before anything is opened.
 * `new LocalProfile(dataDir).requiredPermissions().toFlags()` lists them.
 *
 * @example A conversation that goes on when the program runs again
 * ```ts ignore
 * import { LlmSimConfig } from "@everruns/runtime";
 * import { LocalProfile, LocalRuntimeBuilder } from "@everruns/runtime/local";
 *
 * await using runtime = await new LocalRuntimeBuilder(new LocalProfile("/home/me/agent-data"))
 *   .llmSim(LlmSimConfig.echo())
 *   .singleSession((s) => s.harness("assistant").sessionId("session_00000000000000000000000000000001"))
 *   .build();
 * await runtime.runTextTurn(runtime.defaultSessionId, "hello again");
 * console.log((await runtime.messages(runtime.defaultSessionId)).length);
 * ```
 *
 * @module
 */

export { LocalBackends } from "./backends.ts";
export type { LocalBackendsOptions } from "./backends.ts";
export { Background } from "./background.ts";
export type { BackgroundOptions, BackgroundParts, ScheduleRunnerConfig, TaskCare } from "./background.ts";
export { CorruptRecordError, CorruptStoreError, PermissionMissingError, ReadOnlyStorageError } from "./errors.ts";
export { StorageFullError, StoreBusyError, StoreTooNewError, UnsafeStoreError } from "./errors.ts";
export { LocalFileStore } from "./files/file_store.ts";
export type { LocalFileStoreOptions } from "./files/file_store.ts";
export { LocalJournal } from "./journal/local_journal.ts";
export type { LocalJournalOptions } from "./journal/local_journal.ts";
export { Owners } from "./owners.ts";
export { LocalPlatformStore } from "./platform/platform_store.ts";
export type { LocalPlatformStoreOptions } from "./platform/platform_store.ts";
export { readPluginFolder } from "./plugins/read_plugin_folder.ts";
export type { PluginFolder, ReadPluginFolderOptions } from "./plugins/read_plugin_folder.ts";
export { DEFAULT_OWNER_PRINCIPAL_ID, LocalProfile } from "./profile.ts";
export { LocalAgentStore } from "./records/agent_store.ts";
export { LocalHarnessStore } from "./records/harness_store.ts";
export { LocalSessionStorageStore } from "./records/session_storage_store.ts";
export type { LocalSessionStorageStoreOptions } from "./records/session_storage_store.ts";
export { LocalSessionStore } from "./records/session_store.ts";
export type { LocalSessionStoreOptions } from "./records/session_store.ts";
export { LocalRuntime, LocalRuntimeBuilder } from "./runtime_builder.ts";
export type { LocalRuntimeOptions, WorkspaceDecorator } from "./runtime_builder.ts";
export type { MonitorState, SettleMonitor } from "./schedules/monitor.ts";
export { LocalScheduleRunner } from "./schedules/runner.ts";
export type { LocalScheduleRunnerOptions, StartOptions } from "./schedules/runner.ts";
export type { ScheduleRun } from "./schedules/schedule_run.ts";
export { LocalScheduleStore } from "./schedules/schedule_store.ts";
export type { LocalScheduleStoreOptions, ScheduleLimits } from "./schedules/schedule_store.ts";
export type { Connection, ConnectionOptions, WriteOptions } from "./sqlite/connection.ts";
export type { Migration } from "./sqlite/migrations.ts";
export type { Durability } from "./sqlite/open_database.ts";
export type { SqlList, SqlRow, SqlValue } from "./sqlite/row.ts";
export type { PeriodicHandle } from "./tasks/periodic.ts";
export { LocalSessionTaskRegistry } from "./tasks/registry.ts";
export type { LocalTaskRegistryOptions } from "./tasks/registry.ts";
export { TaskSupervisor } from "./tasks/supervisor.ts";
export type { SupervisorPass, TaskSupervisorOptions, TaskSupervisorStartOptions } from "./tasks/supervisor.ts";
export type { PendingWake } from "./tasks/wake_rows.ts";
export { TaskWakes } from "./tasks/wakes.ts";
export type { TaskWakesOptions, TaskWakesStartOptions } from "./tasks/wakes.ts";
export type { WakeDelivery } from "./wakes/delivery.ts";
export { WakeRoutes } from "./wakes/wake_routes.ts";
export type { SessionWake, WakeRoute, WakeRoutesOptions } from "./wakes/wake_routes.ts";
export { ApprovalGateFileStore } from "./workspace/approval_gate_file_store.ts";
export type { ApprovalGateOptions, DeleteApproval, WriteApproval } from "./workspace/approval_gate_file_store.ts";
export { FileStoreDecorator } from "./workspace/file_store_decorator.ts";
export { OwnFilesStore } from "./workspace/own_files_store.ts";
export { RealDiskFileStore } from "./workspace/real_disk_file_store.ts";
export type { RealDiskFileStoreOptions } from "./workspace/real_disk_file_store.ts";
export { realDiskFileSystem } from "./workspace/real_disk_file_system.ts";
export type { RealDiskFileSystem, RealDiskFileSystemOptions } from "./workspace/real_disk_file_system.ts";
export { DEFAULT_BLOCKED_NAMES, WriteBlocklistFileStore } from "./workspace/write_blocklist_file_store.ts";
export type { WriteBlocklistOptions } from "./workspace/write_blocklist_file_store.ts";
