/** A server on loopback that no address and no redirect may lead to. */

import assert from "node:assert/strict";
import { everyName, fetched, fetchedFrom, leadingTo, PUBLIC_ADDRESS, Site } from "./_web.ts";

/** Names of a hostile resolver; PORT is the port of the server. */
const NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  ["private.example", ["127.0.0.1"]],
  ["mixed.example", [PUBLIC_ADDRESS, "127.0.0.1"]],
  ["mapped.example", ["::ffff:127.0.0.1"]],
  ["nat64.example", ["64:ff9b::7f00:1"]],
  ["sixtofour.example", ["2002:7f00:1::"]],
  ["zone.example", ["fe80::1%lo"]],
  ["zero.example", ["0.0.0.0"]],
  ["nothing.example", []],
  ["localtest.example", ["::1"]],
  ["xn--lclhost-owaf.example", ["127.0.0.1"]],
]);

const FORMS: readonly string[] = [
  // IPv4 in every spelling.
  "http://127.0.0.1:PORT/",
  "http://127.0.0.1.:PORT/",
  "http://127.1:PORT/",
  "http://127.0.1:PORT/",
  "http://2130706433:PORT/",
  "http://0x7f000001:PORT/",
  "http://0x7f.0.0.1:PORT/",
  "http://0x7f.1:PORT/",
  "http://0177.0.0.1:PORT/",
  "http://0177.1:PORT/",
  "http://017700000001:PORT/",
  "http://0000127.0.0.1:PORT/",
  "http://127.000.000.001:PORT/",
  "http://127.127.127.127:PORT/",
  "http://0:PORT/",
  "http://0.0.0.0:PORT/",
  "http://00:PORT/",
  "http://0x0:PORT/",
  "http://%31%32%37%2e0.0.1:PORT/",
  "http://①②⑦.⓪.⓪.①:PORT/",
  "http://１２７.０.０.１:PORT/",
  "http://127。0。0。1:PORT/",
  "http://127．0．0．1:PORT/",
  "http://127.0.0.1%00.example.com:PORT/",
  // IPv6, with and without an IPv4 address inside.
  "http://[::1]:PORT/",
  "http://[0:0:0:0:0:0:0:1]:PORT/",
  "http://[::]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::ffff:7f00:1]:PORT/",
  "http://[::127.0.0.1]:PORT/",
  "http://[::ffff:0:127.0.0.1]:PORT/",
  "http://[64:ff9b::127.0.0.1]:PORT/",
  "http://[64:ff9b:1::7f00:1]:PORT/",
  "http://[2002:7f00:1::]:PORT/",
  "http://[2001:0:7f00:1::]:PORT/",
  "http://[fe80::1%25lo]:PORT/",
  "http://[fe80::1]:PORT/",
  "http://[fc00::1]:PORT/",
  "http://[ff02::1]:PORT/",
  // Names.
  "http://localhost:PORT/",
  "http://LOCALHOST:PORT/",
  "http://localhost.:PORT/",
  "http://anything.localhost:PORT/",
  "http://ｌｏｃａｌｈｏｓｔ:PORT/",
  "http://loc%61lhost:PORT/",
  "http://printer.local:PORT/",
  "http://metadata.google.internal:PORT/computeMetadata/v1/",
  "http://169.254.169.254:PORT/latest/meta-data/",
  "http://[fd00:ec2::254]:PORT/",
  "http://100.100.100.200:PORT/",
  ...[...NAMES.keys()].map((name) => `http://${name}:PORT/`),
  // Credentials and separators that are read one way by a check and another by a client.
  "http://user:pass@127.0.0.1:PORT/",
  "http://example.com@127.0.0.1:PORT/",
  "http://127.0.0.1:PORT@example.com/",
  "http://example.com:80@127.0.0.1:PORT/",
  "http://127.0.0.1:PORT#@example.com/",
  "http://127.0.0.1:PORT?@example.com/",
  "http://example.com\\@127.0.0.1:PORT/",
  "http:\\\\127.0.0.1:PORT\\",
  "http:127.0.0.1:PORT/",
  "http:///127.0.0.1:PORT/",
  "ht\ttp://127.0.0.1:PORT/",
  "http://127.0\n.0.1:PORT/",
  "  http://127.0.0.1:PORT/",
  "//127.0.0.1:PORT/",
  // Other schemes.
  "file:///etc/passwd",
  "gopher://127.0.0.1:PORT/_GET",
  "data:text/html,secret",
  "blob:http://127.0.0.1:PORT/00000000-0000-0000-0000-000000000000",
  "ftp://127.0.0.1:PORT/",
  "ws://127.0.0.1:PORT/",
  "jar:http://127.0.0.1:PORT/!/",
  "view-source:http://127.0.0.1:PORT/",
  "javascript:fetch('http://127.0.0.1:PORT/')",
  "unix:///var/run/docker.sock",
  "",
];

const lookup = (name: string) => Promise.resolve(NAMES.get(name) ?? ["127.0.0.1"]);

Deno.test("web_fetch reaches nothing on this machine, however the address is written", async () => {
  await using victim = new Site(() => new Response("secret"));
  const options = { lookup, ports: [80, 443, victim.port] };
  for (const form of FORMS) {
    const result = await fetched(options, { url: form.replaceAll("PORT", String(victim.port)) });
    assert.equal(typeof result["error"], "string", `${form} gave ${JSON.stringify(result)}`);
  }
  assert.ok(FORMS.length >= 60);
  assert.equal(victim.connections, 0);
  // The server is there and would answer.
  const answer = await fetched({ ...options, allowLoopback: true }, { url: `http://127.0.0.1:${victim.port}/` });
  assert.deepEqual([answer["content"], victim.connections], ["secret", 1]);
});

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`web_fetch follows no ${status} to this machine, however the address is written`, async () => {
    await using victim = new Site(() => new Response("secret"));
    let location = "";
    await using site = new Site(() => new Response(null, { status, headers: { location } }));
    const options = { lookup: async (name: string) => name === "site.example" ? [PUBLIC_ADDRESS] : await lookup(name) };
    let asked = 0;
    for (const form of FORMS) {
      // A header holds ASCII, and neither tabs nor line ends.
      location = form.replaceAll("PORT", String(victim.port)).replaceAll(/[\t\n]/g, "")
        .replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent);
      const result = await fetchedFrom(site, { url: "http://site.example/" }, { ...options, ports: [80, victim.port] });
      // A form without a host of its own leads back to where it came from, and no further.
      const isOwn = location === "" || location.startsWith("http:127");
      const wanted = isOwn ? /over 5 redirects/ : /^Cannot (follow the redirect|reach)/;
      assert.match(String(result["error"]), wanted, `${form} gave ${JSON.stringify(result)}`);
      asked += isOwn ? 6 : 1;
    }
    assert.deepEqual([victim.connections, site.connections], [0, asked]);
  });
}

Deno.test("web_fetch follows neither a refresh of a page nor one of a header", async () => {
  await using victim = new Site(() => new Response("secret"));
  const target = `http://127.0.0.1:${victim.port}/`;
  await using site = new Site(() =>
    new Response(
      `<meta http-equiv="refresh" content="0;url=${target}"><base href="${target}"><iframe src="${target}"></iframe>`,
      {
        headers: { "content-type": "text/html", refresh: `0;url=${target}`, link: `<${target}>; rel=preload` },
      },
    )
  );
  const result = await fetchedFrom(site, { url: "http://site.example/" }, { ports: [80, victim.port] });
  assert.deepEqual([result["status_code"], result["content"], victim.connections], [200, "", 0]);
});

Deno.test("web_fetch connects to the address it vetted, whatever the name means afterwards", async () => {
  await using victim = new Site(() => new Response("secret"));
  await using site = new Site(() => new Response("public"));
  let lookups = 0;
  const connected: string[] = [];
  const lead = leadingTo(() => site.port);
  const options = {
    lookup: () => Promise.resolve(lookups++ === 0 ? [PUBLIC_ADDRESS] : ["127.0.0.1"]),
    connect: (to: Parameters<typeof lead>[0]) => {
      connected.push(to.hostname);
      return lead(to);
    },
    ports: [victim.port],
  };
  const result = await fetched(options, { url: `http://rebinding.example:${victim.port}/` });
  assert.deepEqual([result["content"], lookups, connected, victim.connections], ["public", 1, [PUBLIC_ADDRESS], 0]);
  const again = await fetched(options, { url: `http://rebinding.example:${victim.port}/` });
  assert.match(String(again["error"]), /leads to this machine/);
  assert.equal(victim.connections, 0);
});

Deno.test("web_fetch vets a name anew when a redirect leads to it again", async () => {
  await using victim = new Site(() => new Response("secret"));
  await using site = new Site(() => Response.redirect(`http://rebinding.example:${victim.port}/`, 302));
  let lookups = 0;
  const result = await fetchedFrom(site, { url: `http://rebinding.example:${victim.port}/` }, {
    lookup: () => Promise.resolve(lookups++ === 0 ? [PUBLIC_ADDRESS] : ["127.0.0.1"]),
    ports: [victim.port],
  });
  assert.match(String(result["error"]), /leads to this machine/);
  assert.deepEqual([lookups, victim.connections], [2, 0]);
});

Deno.test("web_fetch ends a chain of redirects after the fifth", async () => {
  await using site: Site = new Site((request): Response =>
    Response.redirect(`${new URL(request.url).origin}/${site.connections}`, 302)
  );
  const result = await fetchedFrom(site, { url: "http://site.example/" });
  assert.match(String(result["error"]), /over 5 redirects/);
  assert.equal(site.connections, 6);
});

Deno.test("web_fetch asks the network policy about every hop before it looks the host up", async () => {
  const looked: string[] = [];
  await using site = new Site(() => Response.redirect("http://blocked.example/secret", 302));
  const lookup = (name: string) => {
    looked.push(name);
    return everyName(name);
  };
  const networkAccess = { allowed: ["*.example"], blocked: ["blocked.example"] };
  const result = await fetchedFrom(site, { url: "http://site.example/" }, { lookup }, { networkAccess });
  assert.match(String(result["error"]), /blocked\.example.*network access policy/);
  const direct = await fetchedFrom(site, { url: "http://elsewhere.test/" }, { lookup }, { networkAccess });
  assert.match(String(direct["error"]), /network access policy/);
  assert.deepEqual([looked, site.connections], [["site.example"], 1]);
});

Deno.test("web_fetch visits only the hosts and ports its host names", async () => {
  await using site = new Site(() => Response.redirect("http://b.example/", 302));
  const options = { hosts: ["A.example.", "93.184.216.34"] };
  const redirected = await fetchedFrom(site, { url: "http://a.example/" }, options);
  assert.match(String(redirected["error"]), /not one of the allowed hosts/);
  const port = await fetchedFrom(site, { url: "http://a.example:8080/" }, options);
  assert.match(String(port["error"]), /port 8080 is not allowed/);
  assert.equal(site.connections, 1);
});
