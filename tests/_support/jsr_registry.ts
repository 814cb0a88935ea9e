/**
 * A JSR registry on loopback that holds one package, for tests that install it as a user would.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { PackedModule } from "./packed_module.ts";

/** A running registry; it stops when it goes out of scope. */
export interface JsrRegistry extends AsyncDisposable {
  /** What to set `JSR_URL` to. */
  readonly url: string;
  /** The paths asked for so far, in order. */
  readonly requests: readonly string[];
}

/** Serves one version of one package. Needs `--allow-net=127.0.0.1`. */
export function serveJsrRegistry(module: PackedModule): JsrRegistry {
  const documents = registryDocuments(module);
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const path = new URL(request.url).pathname;
    requests.push(path);
    const body = documents.get(path);
    if (body === undefined) return new Response("not found", { status: 404 });
    const type = path.endsWith(".json") ? "application/json" : "text/typescript";
    return new Response(body, { headers: { "content-type": type } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Path to body of everything the registry serves. */
function registryDocuments(module: PackedModule): Map<string, string> {
  const { scope, name, version, exports, files } = module;
  const base = `/@${scope}/${name}`;
  const manifest: Record<string, { size: number; checksum: string }> = {};
  const documents = new Map<string, string>();
  for (const [path, text] of files) {
    const bytes = new TextEncoder().encode(text);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    manifest[path] = { size: bytes.length, checksum: `sha256-${sha256}` };
    documents.set(`${base}/${version}${path}`, text);
  }
  // No `createdAt`: Deno hides versions younger than a day (minimum dependency age, 2.9).
  documents.set(
    `${base}/meta.json`,
    JSON.stringify({ scope, name, latest: version, versions: { [version]: {} } }),
  );
  documents.set(`${base}/${version}_meta.json`, JSON.stringify({ manifest, exports }));
  return documents;
}
