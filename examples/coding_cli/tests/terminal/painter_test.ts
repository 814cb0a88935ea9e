import assert from "node:assert/strict";
import fc from "fast-check";
import { Painter } from "../../terminal/painter.ts";
import { VirtualScreen } from "../_support/virtual_screen.ts";

interface Step {
  readonly finished: readonly string[];
  readonly live: readonly string[];
}

function paint(painter: Painter, { finished, live }: Step, columns: number): void {
  painter.paint({
    finished,
    live,
    widths: live.map(({ length }) => length),
    cursor: { row: live.length - 1, column: Math.min(2, live.at(-1)?.length ?? 0) },
    columns,
  });
}

const row = fc.string({ unit: fc.constantFrom("a", "b", " "), maxLength: 19 }).map((text) => text.trimEnd());
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    finished: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(row, { maxLength: 12 })),
    live: fc.array(row, { minLength: 1, maxLength: 7 }),
  }),
  { minLength: 1, maxLength: 12 },
);

Deno.test("after any repaints the terminal shows all finished lines and the last region, and nothing else", () => {
  fc.assert(fc.property(steps, (all) => {
    const screen = new VirtualScreen(20, 8);
    const painter = new Painter((text) => screen.write(text));
    for (const step of all) paint(painter, step, 20);
    const expected = [...all.flatMap(({ finished }) => finished), ...all.at(-1)?.live ?? []].join("\n").trimEnd();
    assert.equal(screen.text, expected);
  }));
});

Deno.test("a terminal that was made narrower shows every finished line and one region", () => {
  fc.assert(fc.property(steps, fc.integer({ min: 5, max: 20 }), (all, columns) => {
    // High enough: what a small one scrolled away nobody can erase.
    const screen = new VirtualScreen(20, 400);
    const painter = new Painter((text) => screen.write(text));
    for (const step of all) paint(painter, step, 20);
    screen.resize(columns, 400);
    paint(painter, { finished: [], live: ["ok"] }, columns);
    const finished = all.flatMap(({ finished }) => finished);
    const rows = finished.flatMap((line) => line === "" ? [""] : line.match(new RegExp(`.{1,${columns}}`, "g")) ?? []);
    assert.equal(screen.text, [...rows.map((it) => it.trimEnd()), "ok"].join("\n"));
  }));
});

Deno.test("a repaint without a change writes nothing", () => {
  const written: string[] = [];
  const painter = new Painter((text) => written.push(text));
  paint(painter, { finished: ["a"], live: ["x", "y"] }, 20);
  paint(painter, { finished: [], live: ["x", "y"] }, 20);
  assert.equal(written.length, 1);
});

Deno.test("only the row that changed is written, in one write and one synchronized update", () => {
  const written: string[] = [];
  const painter = new Painter((text) => written.push(text));
  paint(painter, { finished: [], live: ["one", "two", "three"] }, 20);
  paint(painter, { finished: [], live: ["one", "TWO", "three"] }, 20);
  assert.equal(written.length, 2);
  const [, update = ""] = written;
  assert.ok(update.startsWith("\x1b[?2026h") && update.endsWith("\x1b[?2026l"));
  assert.match(update, /TWO/);
  assert.doesNotMatch(update, /one|three/);
});

Deno.test("close() leaves the transcript and the cursor below it", () => {
  const screen = new VirtualScreen(20, 8);
  const painter = new Painter((text) => screen.write(text));
  paint(painter, { finished: ["kept"], live: ["x", "y"] }, 20);
  painter.close(["last"]);
  screen.write("$ ");
  assert.equal(screen.text, "kept\nlast\n$");
});
