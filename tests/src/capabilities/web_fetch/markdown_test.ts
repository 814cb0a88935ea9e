/** Pages as Markdown and as text. */

import assert from "node:assert/strict";
import { htmlToText } from "../../../../src/capabilities/web_fetch/page_text.ts";

const base = new URL("https://site.example/docs/page?q=1");

async function markdown(html: string): Promise<string> {
  return (await htmlToText(html, { base, marks: true })).text;
}

const cases: readonly (readonly [what: string, html: string, markdown: string])[] = [
  ["headings", "<h1>One</h1><h3> Three\n words </h3>after", "# One\n\n### Three words\n\nafter"],
  ["paragraphs", "<p>a\n  b<p>c<div>d</div>e", "a b\n\nc\n\nd\ne"],
  ["line breaks and rules", "a<br>b<br/><hr>c", "a\nb\n\n---\n\nc"],
  ["emphasis", "<b>bold</b> and<i> it </i>and <code>x = 1</code>.", "**bold** and _it_ and `x = 1`."],
  ["emphasis of nothing", "a<b></b><i> </i>b", "a b"],
  ["lists", "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>e", "- a\n- b\n  - c\n- d\n\ne"],
  ["numbered lists", "<ol start=3><li><p>a</p></li><li>b</li></ol>", "3. a\n4. b"],
  ["quotes", "<blockquote><p>a</p><p>b</p></blockquote>c", "> a\n>\n> b\n\nc"],
  ["tables", "<table><tr><th>a<th>b<tr><td>1<td>2</table>", "a | b\n| --- | --- |\n1 | 2"],
  ["code blocks", "<pre><code>if a:\n  b &lt; c\n</code></pre>", "```\nif a:\n  b < c\n```"],
  ["code blocks with fences", "<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````"],
  [
    "links",
    "<a href='/x'>a</a> <a href='y z'>b</a>",
    "[a](https://site.example/x) [b](https://site.example/docs/y%20z)",
  ],
  ["links around headings", "<a href='/x'><h2>Title</h2></a>", "[## Title](https://site.example/x)"],
  ["links of a base", "<base href='//cdn.example/d/'><a href=x>a</a>", "[a](https://cdn.example/d/x)"],
  ["links that hide their end", "<a href='/a)b'>x</a>", "[x](https://site.example/a%29b)"],
  ["links to the page itself", "<a href='#part'>part</a>", "part"],
  ["links that run", "<a href='javascript:x()'>a</a><a href='data:,x'>b</a><a href='file:///x'>c</a>", "abc"],
  ["links of nothing", "a <a href='/x'><span></span></a> b", "a b"],
  [
    "images",
    "<img src=/i.png alt='A  picture'><img src=/t.gif><img alt=x src='data:,'>",
    "![A picture](https://site.example/i.png)[image: x]",
  ],
  ["entities", "&lt;b&gt; &amp;&nbsp;&#8364; &unknown; &#0;", "<b> & € &unknown; \ufffd"],
  [
    "scripts and styles",
    "a<script>x('</p>')</script><style>p{}</style><noscript>n</noscript><template>t</template>b",
    "ab",
  ],
  ["a script that does not end", "a<script>alert(1)", "a"],
  ["drawings", "a<svg><path/><text>t</text></svg><svg/>b", "ab"],
  [
    "what is hidden",
    "a<p hidden>h</p><div style='color:red; display : none'>h<p>h</div><span style=visibility:hidden>h</span>b",
    "ab",
  ],
  ["comments", "a<!-- ignore <b> -->b<!-->c", "abc"],
  ["ends that match nothing", "</p>a</div></b></li>b", "ab"],
  ["tags that do not end", "a<b", "a"],
  ["nothing", "", ""],
];

for (const [what, html, expected] of cases) {
  Deno.test(`htmlToText() gives ${what} as Markdown`, async () => {
    assert.equal(await markdown(html), expected);
  });
}

Deno.test("htmlToText() gives text without marks", async () => {
  const html =
    "<title> A\n title </title><h1>Head</h1><ul><li><a href=/x>a</a><li><b>b</b></ul><blockquote>q</blockquote><pre>c\n d</pre>";
  assert.deepEqual(await htmlToText(html, { base, marks: false }), {
    text: "Head\n\na\nb\n\nq\n\nc\n d",
    title: "A title",
  });
});

const SIZE = 100_000;
const hostile: readonly (readonly [what: string, html: string])[] = [
  ["elements within each other", "<div>".repeat(SIZE) + "x"],
  ["elements that end", "<div>".repeat(SIZE) + "x" + "</div>".repeat(SIZE)],
  ["emphasis within emphasis", "<b><i>".repeat(SIZE) + "x"],
  ["links within links", "<a href=/x>".repeat(SIZE) + "x"],
  ["lists within lists", "<ul><li>x".repeat(SIZE)],
  ["quotes within quotes", "<blockquote>x".repeat(SIZE)],
  ["tables within tables", "<table><tr><td>x".repeat(SIZE)],
  ["ends that match nothing", "<a>".repeat(SIZE) + "</b>".repeat(SIZE) + "x"],
  ["beginnings of tags", "<".repeat(SIZE) + "x"],
  ["beginnings of comments", "x" + "<!--".repeat(SIZE)],
  ["beginnings of scripts", "x<script>" + "</scrip".repeat(SIZE)],
  ["attributes", `x<p ${"a=1 ".repeat(SIZE)}>`],
  ["attributes of one name", `x<p ${"style='display:' ".repeat(SIZE)}>`],
  ["an attribute as long as the page", `x<a href="${"&amp;".repeat(SIZE)}">y</a>`],
  ["a style as long as the page", `x<p style="${"display ".repeat(SIZE)}">y`],
  ["entities", "&amp".repeat(SIZE)],
  ["spaces", " ".repeat(SIZE * 10) + "x"],
  ["spaces of code", `<pre>${" ".repeat(SIZE * 10)}x${"\n".repeat(SIZE)}x</pre>`],
  ["fences of code", `<pre>${"``` ".repeat(SIZE)}</pre>`],
  ["line breaks", "<br>".repeat(SIZE) + "x"],
  ["NULs and halves of characters", "\0\ud800".repeat(SIZE) + "x"],
];

for (const [what, html] of hostile) {
  Deno.test(`htmlToText() bears a hundred thousand ${what}`, async () => {
    for (const marks of [true, false]) {
      const { text } = await htmlToText(html, { base, marks });
      assert.ok(text.length > 0 && text.length <= 2 * 1024 * 1024, `${text.length} characters`);
    }
  });
}

Deno.test("htmlToText() takes time in proportion to the page", async () => {
  // What grows with the square of the page would take hours here.
  const { text, isPartial } = await htmlToText("<div><b>x y</i></b>".repeat(1_000_000), { base, marks: true });
  assert.deepEqual([text.length <= 2 * 1024 * 1024, isPartial], [true, true]);
});

Deno.test("htmlToText() reads a page in pieces as it would read it whole", async () => {
  const unit = "<p class='x'>Some &amp; <b>words</b> <a href='/a?b=1&amp;c=2'>link</a><script>no()</script></p>\n";
  const expected = "Some & **words** [link](https://site.example/a?b=1&c=2)";
  const count = 5_000;
  assert.equal(await markdown(unit.repeat(count)), Array(count).fill(expected).join("\n\n"));
});

Deno.test("htmlToText() lets others have their turn while it reads, and ends when it is told to", async () => {
  const ending = new AbortController();
  const reading = htmlToText("<p>words</p>".repeat(200_000), { base, marks: true, signal: ending.signal });
  // Nothing that takes its turn could run here if the page were read in one go.
  setTimeout(() => ending.abort(new Error("enough")), 0);
  await assert.rejects(reading, /enough/);
});
