/** Which commands an "always" covers: those that begin with the same program and subcommand. */

/** Anything that makes a line more than one plain command. */
const MORE_THAN_ONE = /[;&|<>`$(){}\\\n\r"'*?~#=]/;
/** Programs that do whatever their arguments say, or that nobody should wave through by their first words. */
const ANYTHING: ReadonlySet<string> = new Set([
  "bash",
  "sh",
  "zsh",
  "dash",
  "env",
  "xargs",
  "sudo",
  "doas",
  "su",
  "eval",
  "exec",
  "command",
  "rm",
  "rmdir",
  "mv",
  "dd",
  "chmod",
  "chown",
  "kill",
  "python",
  "python3",
  "node",
  "perl",
  "ruby",
  "ssh",
  "curl",
  "wget",
  "find",
  "awk",
  "sed",
  "tee",
  "time",
  "nohup",
  "watch",
  "timeout",
  "nice",
  "ionice",
  "setsid",
  "stdbuf",
  "flock",
  "strace",
  "unshare",
  "chroot",
  "parallel",
  "busybox",
  "fish",
  "ksh",
  "php",
  "docker",
  "podman",
]);

/** Subcommands that run what an option, an argument or a setting says. */
const GIT_RUNS_ANYTHING: ReadonlySet<string> = new Set(["config", "bisect", "submodule", "rebase", "filter-branch"]);

/** Subcommands that run what comes after them: the first two words say nothing. */
const RUNS_ANYTHING: ReadonlySet<string> = new Set(["run", "exec", "eval", "x", "dlx", "task"]);

/** What an "always" to a command is kept as: `bash: git status …`, or the whole command where a prefix says nothing. */
export function commandKey(command: string): string {
  const prefix = prefixOf(command);
  return prefix === undefined ? `bash: ${command.trim()}` : `bash: ${prefix} …`;
}

/** Whether a command is covered by what was kept. */
export function isCoveredBy(command: string, kept: ReadonlySet<string>): boolean {
  return kept.has(`bash: ${command.trim()}`) || prefixOf(command) !== undefined && kept.has(commandKey(command));
}

/** Program and subcommand, and what a `run` runs, when the command is a plain one and they are words. */
function prefixOf(command: string): string | undefined {
  if (MORE_THAN_ONE.test(command.trim())) return undefined;
  const [program = "", sub = "", what = ""] = command.trim().split(/\s+/);
  if (!/^[\w.-]+$/.test(program) || ANYTHING.has(program) || !/^[a-z][\w:-]*$/.test(sub)) return undefined;
  if (program === "git" && GIT_RUNS_ANYTHING.has(sub)) return undefined;
  if (!RUNS_ANYTHING.has(sub)) return `${program} ${sub}`;
  return /^\w[\w.:/@-]*$/.test(what) && !ANYTHING.has(what) ? `${program} ${sub} ${what}` : undefined;
}
