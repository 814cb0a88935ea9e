/** The tool scheduler: which calls run at the same time. */

/** How calls are scheduled. */
export interface ScheduleOptions<T> {
  /** Most calls that run at the same time. */
  readonly cap: number;
  /** Whether all run one after another. */
  readonly serial: boolean;
  /** Items of one class run in order; undefined runs freely. */
  classOf(item: T): string | undefined;
  /** Runs one item; must not reject unless everything is to stop. */
  run(item: T): Promise<void>;
}

/**
 * Runs all items, starting them in order.
 *
 * @throws whatever the first failing `run` rejects with; items not started by then stay unstarted
 */
export function runScheduled<T>(items: readonly T[], options: ScheduleOptions<T>): Promise<void> {
  const cap = options.serial ? 1 : Math.max(1, options.cap);
  const waiting = [...items];
  const busy = new Set<string>();
  let running = 0;
  let failed = false;
  return new Promise((resolve, reject) => {
    function pump(): void {
      for (let i = 0; i < waiting.length && running < cap && !failed;) {
        const item = waiting[i]!;
        const name = options.classOf(item);
        if (name !== undefined && busy.has(name)) {
          i++;
          continue;
        }
        waiting.splice(i, 1);
        start(item, name);
      }
      if (running === 0 && waiting.length === 0 && !failed) resolve();
    }
    function start(item: T, name: string | undefined): void {
      running++;
      if (name !== undefined) busy.add(name);
      options.run(item).then(() => {
        running--;
        if (name !== undefined) busy.delete(name);
        pump();
      }, (error) => {
        failed = true;
        reject(error);
      });
    }
    pump();
  });
}
