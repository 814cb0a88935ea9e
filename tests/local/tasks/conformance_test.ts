/** The registry in `local.db` keeps every promise of the port, also between two connections to one file. */

import type { LocalSessionTaskRegistry } from "../../../local/tasks/registry.ts";
import { conformanceSuite } from "../../../src/testing/conformance/conformance_suite.ts";
import { type DataFolder, dataFolder } from "./_support.ts";

const folders = new Map<unknown, DataFolder>();

conformanceSuite({
  name: "local",
  test: Deno.test,
  taskRegistry: {
    create(): LocalSessionTaskRegistry {
      const folder = dataFolder();
      const { registry } = folder.open();
      folders.set(registry, folder);
      return registry;
    },
    reopen(first): LocalSessionTaskRegistry {
      const folder = folders.get(first);
      if (folder === undefined) throw new TypeError("not made here");
      return folder.open().registry;
    },
    close(registry): void {
      // The folder closes what is open in it; a second instance is closed with the first.
      folders.get(registry)?.[Symbol.dispose]();
      folders.delete(registry);
    },
  },
});
