/**
 * A thread that keeps swapping a directory for a link, as fast as it can, until it is disposed of.
 *
 * @module
 */

/** What is swapped; all of it on the host. */
export interface SwapPaths {
  /** The directory. */
  readonly directory: string;
  /** The link that takes its place. */
  readonly link: string;
  /** Where the directory is meanwhile; what the store made in its place is put beside it. */
  readonly aside: string;
}

/** Starts swapping; disposing waits for the end, with the directory in its place. */
export function startSwapping(paths: SwapPaths): AsyncDisposable {
  // Not a file of its own: the tests may not read the checkout.
  const code = `const swap = ${swapUntil.toString()};
    self.onmessage = ({ data }) => { swap(data.paths, data.stop); self.postMessage("ended"); };`;
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(code)}`, { type: "module" });
  const ended = Promise.withResolvers<void>();
  worker.onmessage = () => ended.resolve();
  worker.onerror = (event) => {
    event.preventDefault();
    ended.reject(new Error(event.message));
  };
  const stop = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage({ paths, stop });
  return {
    [Symbol.asyncDispose]: async () => {
      Atomics.store(stop, 0, 1);
      await ended.promise;
      worker.terminate();
    },
  };
}

function swapUntil({ directory, link, aside }: SwapPaths, stop: Int32Array): void {
  let strays = 0;
  const move = (from: string, to: string): void => {
    while (true) {
      try {
        return Deno.renameSync(from, to);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) throw error;
        // The store made the directory anew while it was gone.
        Deno.renameSync(to, `${aside}-${strays++}`);
      }
    }
  };
  const rest = (): void => {
    const end = performance.now() + Math.random() * 0.2;
    while (performance.now() < end);
  };
  while (Atomics.load(stop, 0) === 0) {
    rest();
    move(directory, aside);
    move(link, directory);
    rest();
    move(directory, link);
    move(aside, directory);
  }
}
