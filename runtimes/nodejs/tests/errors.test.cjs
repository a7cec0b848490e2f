/* How failures are told, and what they end. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { MAJOR, OVER_HTTP, idOf, run } = require("./harness.cjs");

/** What ends the process while it starts. */
const FAILED_INIT = MAJOR < 24 ? 129 : 1;

async function initError(code, options) {
  const { posts, answers, status, log } = await run(code, [1], options);
  assert.equal(posts.length, 1, log);
  assert.equal(posts[0].call, "init/error");
  assert.equal(posts[0].fields["lambda-runtime-function-error-type"], answers[0].errorType);
  assert.equal(status, FAILED_INIT);
  assert.ok(log.includes(answers[0].errorType), log);
  return answers[0];
}

test("a thrown error has its type, its message and its trace", async () => {
  const { posts, answers, log } = await run('exports.handler = async () => { throw new TypeError("no\\ngood"); };', [1, 2]);
  const { errorType, errorMessage, trace, ...more } = answers[0];
  assert.deepEqual([errorType, errorMessage, more], ["TypeError", "no\ngood", {}]);
  assert.deepEqual(trace.slice(0, 2), ["TypeError: no", "good"]);
  assert.match(trace[2], /^ {4}at .*app\.js:1:/);
  assert.equal(posts[0].call, `invocation/${idOf(1)}/error`);
  assert.equal(posts[0].fields["lambda-runtime-function-error-type"], "TypeError");
  assert.equal(answers[1].errorType, "TypeError", "the process goes on");
  const start = /^\S+Z\t[0-9a-f-]{36}\tERROR\tInvoke Error \t\{"errorType":"TypeError","errorMessage":"no\\ngood","stack":\["TypeError: no"/;
  assert.match(log, start);
});

test("errors of the function's own classes, with members", async () => {
  const code = `class Teapot extends Error { constructor() { super("short"); this.name = "Teapot"; this.code = 418; } }
  exports.handler = async () => { throw new Teapot(); };`;
  const { answers, log } = await run(code, [1]);
  assert.deepEqual([answers[0].errorType, answers[0].errorMessage], ["Teapot", "short"]);
  assert.match(log, /"errorType":"Teapot","errorMessage":"short","code":418/);
});

test("what is thrown need not be an error", async () => {
  const code = `const hostile = { get message() { throw 1; }, toString() { throw 2; } };
  exports.handler = async (event) => { throw { text: "text", number: 7, object: { a: 1 }, hostile }[event]; };`;
  const { answers } = await run(code, ["text", "number", "object", "hostile"]);
  assert.deepEqual(
    answers.map(({ errorType, errorMessage }) => [errorType, errorMessage.slice(0, 20)]),
    [["string", "text"], ["number", "7"], ["object", "[object Object]"], ["handled", "callback called with"]],
  );
});

test("a type that fits into no header field is still told", async () => {
  const code = 'exports.handler = async () => { const e = new Error("m"); e.name = "Fehlör\\n"; throw e; };';
  const { posts, answers } = await run(code, [1]);
  assert.equal(answers[0].errorType, "Fehlör\n");
  assert.equal(posts[0].fields["lambda-runtime-function-error-type"], "Unhandled");
});

test("an unhandled rejection is told and ends the process", async () => {
  const code = `exports.handler = async () => {
    Promise.reject(new Error("nobody looks")); await new Promise((done) => setTimeout(done, 5000)); };`;
  const { answers, posts, status, log } = await run(code, [1]);
  assert.equal(answers[0].errorType, "Runtime.UnhandledPromiseRejection");
  assert.equal(answers[0].errorMessage, "Error: nobody looks");
  assert.equal(posts[0].call, `invocation/${idOf(1)}/error`);
  assert.equal(status, 128);
  assert.match(log, /\t[0-9a-f-]{36}\tERROR\tUnhandled Promise Rejection \t\{"errorType":"Runtime.UnhandledPromiseRejection"/);
});

test("an uncaught exception is told and ends the process", async () => {
  const code = `exports.handler = async () => {
    setTimeout(() => { throw new RangeError("out of reach"); }, 1); await new Promise((done) => setTimeout(done, 5000)); };`;
  const { answers, posts, status } = await run(code, [1]);
  assert.deepEqual([answers[0].errorType, answers[0].errorMessage], ["RangeError", "out of reach"]);
  assert.deepEqual([posts.length, status], [1, 129]);
});

test("an error between invocations ends the process without an answer to anything", { skip: !OVER_HTTP && "it sleeps then" }, async () => {
  const code = 'exports.handler = async () => { setTimeout(() => { throw new Error("left over"); }, 2); return 1; };';
  const { answers, status, log } = await run(code, [1]);
  assert.deepEqual([answers, status], [[1], 129]);
  assert.match(log, /Uncaught Exception \t\{"errorType":"Error","errorMessage":"left over"/);
});

test("an error that was left behind is the next invocation's", { skip: OVER_HTTP && "it does not sleep" }, async () => {
  const code = `exports.handler = async (event) => {
    if (event === 1) setTimeout(() => { throw new Error("left over"); }, 1);
    else await new Promise((done) => setTimeout(done, 5000)); };`;
  const { posts, answers, status } = await run(code, [1, 2]);
  assert.deepEqual([answers[0], answers[1].errorMessage, status], [null, "left over", 129]);
  assert.equal(posts[1].call, `invocation/${idOf(2)}/error`);
});

test("a process that leaves by itself says nothing", async () => {
  const { posts, status } = await run("exports.handler = async () => process.exit(3);", [1]);
  assert.deepEqual([posts, status], [[], 3]);
});

test("a module that is missing, or that another one misses", async () => {
  const missing = await initError("", { handler: "absent.handler" });
  assert.equal(missing.errorType, "Runtime.ImportModuleError");
  assert.match(missing.errorMessage, /^Error: Cannot find module 'absent'\nRequire stack:/);
  const inner = await initError('require("nothing-of-that-name");');
  assert.equal(inner.errorType, "Runtime.ImportModuleError");
  assert.match(inner.errorMessage, /^Error: Cannot find module 'nothing-of-that-name'/);
  const esModule = await initError({ "app.mjs": 'import "nothing-of-that-name";' });
  assert.equal(esModule.errorType, "Error");
  assert.match(esModule.errorMessage, /^Cannot find package 'nothing-of-that-name' imported from/);
});

test("a syntax error is told with its place", async () => {
  const { errorType, errorMessage, trace } = await initError("exports.handler = async () => {{;");
  assert.equal(errorType, "Runtime.UserCodeSyntaxError");
  assert.match(errorMessage, /^SyntaxError: /);
  assert.match(trace.join("\n"), /app\.js:1/);
});

test("a handler that is not there or is no function", async () => {
  for (const code of ["exports.other = 1;", ""]) {
    const { errorType, errorMessage } = await initError(code);
    assert.deepEqual([errorType, errorMessage], ["Runtime.HandlerNotFound", "app.handler is undefined or not exported"]);
  }
  const { errorMessage } = await initError("exports.handler = 1;");
  assert.equal(errorMessage, "app.handler is not a function");
});

test("names that name nothing", async () => {
  const { errorType, errorMessage } = await initError("", { handler: "app" });
  assert.deepEqual([errorType, errorMessage], ["Runtime.MalformedHandlerName", "Bad handler"]);
  const outside = await initError("", { handler: "../app.handler" });
  assert.equal(outside.errorType, "Runtime.MalformedHandlerName");
  assert.match(outside.errorMessage, /^'\.\.\/app\.handler' is not a valid handler name\./);
});

test("an error while the module loads is the start's", async () => {
  const { errorType, errorMessage } = await initError('throw new EvalError("at once");');
  assert.deepEqual([errorType, errorMessage], ["EvalError", "at once"]);
  const { posts, status } = await run('Promise.reject(new Error("soon")); exports.handler = async () => 1;', []);
  assert.deepEqual([posts[0]?.call ?? "none", status], ["init/error", 128]);
});

test("callback handlers are refused from Node.js 24 on", { skip: MAJOR < 24 && "they run" }, async () => {
  const { errorType, errorMessage } = await initError("exports.handler = (event, context, callback) => callback(null, 1);");
  assert.equal(errorType, "Runtime.CallbackHandlerDeprecated");
  assert.match(errorMessage, /^ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node\.js 24\./);
});

test("a process whose platform is gone ends", async () => {
  const { status } = await run("exports.handler = async () => 1;", [], { http: true, env: { AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9" } });
  assert.equal(status, 1);
});
