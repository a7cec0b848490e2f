/* What is said over the channel, and to whom. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { OVER_HTTP, idOf, run } = require("./harness.cjs");

const CHANNEL = { skip: OVER_HTTP && "there is none" };

test("one greeting, and no HTTP at all", CHANNEL, async () => {
  const code = "exports.handler = async () => process.moduleLoadList.includes('NativeModule http');";
  const { answers, greetings, connections } = await run(code, [1, 2]);
  assert.deepEqual([answers, greetings, connections], [[false, false], ["LMBT\0\x01"], 0]);
});

test("the function neither sees the offer nor passes the descriptor on", CHANNEL, async () => {
  const code = `const { execFileSync } = require("node:child_process");
  exports.handler = async () => [
    "LAMBENT_CHANNEL" in process.env, execFileSync("/bin/sh", ["-c", "test -e /proc/self/fd/3 && echo open || echo closed"]).toString(),
  ];`;
  const { answers } = await run(code, [1]);
  assert.deepEqual(answers, [[false, "closed\n"]]);
});

test("other versions, and what is no socket, are left alone", async () => {
  const code = "exports.handler = async () => 'LAMBENT_CHANNEL' in process.env;";
  for (const offer of ["2:3", "1:4", ""]) {
    const { answers, connections } = await run(code, [1], { http: true, env: { LAMBENT_CHANNEL: offer } });
    assert.deepEqual([answers, connections], [[false], 1], offer);
  }
  const { answers } = await run(code, [1], { http: true, env: { LAMBENT_CHANNEL: "1:3" } });
  assert.deepEqual(answers, [false], "there is no descriptor 3");
});

test("of an answer that is too large the beginning goes out, and the process lives", CHANNEL, async () => {
  const limit = 6_291_556;
  const code = "exports.handler = async (event) => 'ä'.repeat(event);";
  const { posts } = await run(code, [limit, { refused: 413 }, 1]);
  assert.deepEqual(posts.map(({ body }) => Buffer.byteLength(body)), [limit + 1, 4]);
});

test("a refusal ends the process", CHANNEL, async () => {
  const { posts, status } = await run("exports.handler = async () => 1;", [1, { refused: 403 }, 2]);
  assert.deepEqual([posts.length, status], [1, 1]);
});

test("what happened while it slept is known before the handler runs", CHANNEL, async () => {
  const code = `let seen = [];
  exports.handler = async (event) => { const before = seen.length; setTimeout(() => seen.push(event), 1); await null;
    const until = Date.now() + 5; while (Date.now() < until); return before; };`;
  const { answers } = await run(code, [1, 2, 3]);
  assert.deepEqual(answers, [0, 1, 2]);
});

test("a handler that never waits starves nothing of the event loop", CHANNEL, async () => {
  const { answers } = await run("let turns = 0; setInterval(() => turns++, 0).unref(); exports.handler = () => new Promise((d) => d(turns));", Array(40).fill(0));
  assert.equal(answers.length, 40);
  assert.ok(answers[39] > 0, String(answers));
});

test("large events after small ones, each once", CHANNEL, async () => {
  const events = [1, "x".repeat(3_000_000), 2, "y".repeat(70_000), "z".repeat(65_400), 3];
  const { answers, posts } = await run("exports.handler = async (event) => event.length ?? event;", events);
  assert.deepEqual(answers, [1, 3_000_000, 2, 70_000, 65_400, 3]);
  assert.deepEqual(posts.map(({ call }) => call.split("/")[1]), events.map((_, at) => idOf(at + 1)));
});
