/* The log: the console's records in both formats. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { MAJOR, OVER_HTTP, idOf, run } = require("./harness.cjs");

const EVERY_LEVEL = `exports.handler = async () => {
  for (const level of ["trace", "debug", "log", "info", "warn", "error", "fatal"]) console[level](level);
};`;

async function logOf(code, env) {
  const { log } = await run(code, [1], { env });
  return log;
}

function records(log) {
  return log.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test("text records have the time, the request and the level", async () => {
  const lines = (await logOf(EVERY_LEVEL)).trimEnd().split("\n").map((line) => line.split("\t"));
  assert.ok(lines.every(([time]) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time)));
  assert.deepEqual(
    lines.map(([, id, level, text]) => [id, level, text].join(" ")),
    ["TRACE trace", "DEBUG debug", "INFO log", "INFO info", "WARN warn", "ERROR error", "FATAL fatal"].map((text) => `${idOf(1)} ${text}`),
  );
});

test("a record of several lines stays one, what else is printed stays as it is", async () => {
  const log = await logOf(`exports.handler = async () => {
    console.log("one\\ntwo %s", { a: 1 }, "three"); console.log("100%"); process.stdout.write("raw\\nlines\\n"); console.log(); };`);
  const [time] = log.split("\t");
  const lines = log.replaceAll(/^\S+Z\t/gm, "").split("\n");
  assert.ok(time.endsWith("Z"));
  assert.deepEqual(lines, [`${idOf(1)}\tINFO\tone\0`, "two [object Object] three", `${idOf(1)}\tINFO\t100%`, "raw", "lines", `${idOf(1)}\tINFO\tundefined`, ""].map(
    (line) => (line.startsWith("two") ? "two { a: 1 } three" : line),
  ));
});

test("before the first invocation there is no request", async () => {
  const log = await logOf("console.log('loading'); exports.handler = async () => 1;");
  assert.match(log, MAJOR < 24 ? /^\S+\tundefined\tINFO\tloading\n/ : /^\S+\t-\tINFO\tloading\n/);
});

test("JSON records have the documented members", async () => {
  const log = await logOf(
    `exports.handler = async () => {
      console.log("text"); console.info({ a: { b: 1 } }); console.warn("%s and %d", "more", 2);
      const error = Object.assign(new TypeError("no"), { code: "E1" });
      console.error(error); console.error("failed:", error);
      const circular = {}; circular.self = circular; console.log(circular); console.log(1n);
    };`,
    { AWS_LAMBDA_LOG_FORMAT: "JSON" },
  );
  const all = records(log);
  assert.ok(all.every(({ timestamp, requestId }) => timestamp.endsWith("Z") && requestId === idOf(1)));
  const [text, object, more, error, failed, circular, big] = all;
  assert.deepEqual([text.level, text.message, object.message], ["INFO", "text", { a: { b: 1 } }]);
  assert.deepEqual([more.level, more.message], ["WARN", "more and 2"]);
  const { errorType, errorMessage, stackTrace, code } = error.message;
  assert.deepEqual([error.level, errorType, errorMessage, stackTrace[0], code], ["ERROR", "TypeError", "no", "TypeError: no", "E1"]);
  assert.deepEqual([failed.errorType, failed.errorMessage, failed.stackTrace[0]], ["TypeError", "no", "TypeError: no"]);
  assert.match(failed.message, /^failed: TypeError: no\n/);
  assert.match(circular.message, /Circular/);
  assert.equal(big.message, "1n");
});

test("a failure is one JSON record", async () => {
  const log = await logOf("exports.handler = async () => { throw new Error('x'); };", { AWS_LAMBDA_LOG_FORMAT: "json" });
  const [record] = records(log);
  assert.deepEqual([record.level, record.message.errorType, record.message.errorMessage], ["ERROR", "Error", "x"]);
});

test("records below the level are not written", async () => {
  for (const [level, expected] of [["WARN", 3], ["debug", 6], ["FATAL", 1], ["nonsense", 7]]) {
    const log = await logOf(EVERY_LEVEL, { AWS_LAMBDA_LOG_LEVEL: level });
    assert.equal(log.trimEnd().split("\n").length, expected, level);
  }
});

test("the log is complete before a process ends, and a closed output harms nobody", async () => {
  const many = await logOf("exports.handler = async () => { for (let n = 0; n < 3000; n++) console.log('x'.repeat(500)); process.exit(1); };");
  assert.equal(many.split("\n").length, 3001);
  const { answers } = await run("exports.handler = async () => { require('fs').closeSync(1); console.log('lost'); return 1; };", [1]);
  assert.deepEqual(answers, [1]);
});
