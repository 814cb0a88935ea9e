/** The program that bash runs around every command. */

/** The arguments of bash for a command under its supervisor. */
export function supervised(bashArguments: readonly string[], options: SupervisorOptions): string[] {
  const { path, hasInput } = options;
  const own = [path === undefined ? "" : "1", path ?? "", hasInput ? "1" : ""];
  // Privileged mode ignores BASH_ENV, exported functions and SHELLOPTS: they are for the command only.
  return ["--noprofile", "--norc", "-p", "-c", SUPERVISOR, "bash", ...own, ...bashArguments];
}

/** Options of {@linkcode supervised}. */
export interface SupervisorOptions {
  /**
   * The search path of the command.
   *
   * Deno looks a program up in the PATH it gives to the child: another one than its own finds another file than the one
   * that is granted, or none (Deno 2.9.6). So the supervisor gets none, and sets it for the command.
   */
  readonly path: string | undefined;
  /** Whether there is input for the command. */
  readonly hasInput: boolean;
}

/** Ends the input of the command; JSON and other text have none. */
export const END_OF_INPUT = "\0";
/** Asks the command to end. */
export const ASK_TO_END = "\n";

/**
 * Runs the command in a process group of its own and ends the group with it.
 *
 * Its standard input is the line to the host: the input of the command up to a NUL, then a line to ask the command to end
 * (SIGTERM); when it is closed, the whole group is killed. So a command dies with its host, whatever ends that, and no
 * signal of Deno's own is needed: one to a group takes `--allow-run` without a list (Deno 2.9.6). Everything is a
 * builtin of bash, so it works without a search path and when no further process can be started.
 *
 * A variable that is set before the command starts would take the place of one of the environment, and be exported with
 * it: the one there is has a name that nobody else uses.
 *
 * What is left of the group may go on for half a second, such as the end of a process substitution; it is killed before
 * the supervisor exits with the command's code. Its outputs are closed as soon as the command has them.
 */
const SUPERVISOR = `
exec 9<&0 </dev/null
IFS= TMOUT= read -r -d "" __everruns_input <&9 || exit 137
[[ $1 ]] && export PATH="$2"
exec 8</dev/null
[[ $3 ]] && exec 8< <(exec 9<&- 2>/dev/null; printf %s "$__everruns_input")
shift 3
trap : HUP INT TERM
set -m
"$BASH" "$@" <&8 8<&- 9<&- &
group=$!
set +m
trap "" HUP INT TERM
exec 8<&- >/dev/null 2>&1
unset TMOUT
{
  read -r _ <&9 && { kill -TERM -- "-$group"; read -r _ <&9; }
  kill -KILL -- "-$group"
} &
watcher=$!
wait "$group"
code=$?
kill -KILL "$watcher"
wait "$watcher"
for ((i = 0; i < 10; i++)); do
  kill -0 -- "-$group" || break
  read -r -t 0.05 _ <&9
  (($? > 128)) || break
done
kill -KILL -- "-$group"
exit "$code"
`;
