/**
 * A program that does what every measured program must do and nothing else: it prints its memory.
 *
 * @module
 */

console.log(JSON.stringify({ rss: Deno.memoryUsage().rss }));
