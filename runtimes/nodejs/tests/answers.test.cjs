/* What handlers get and what becomes of what they return. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { MAJOR, OVER_HTTP, idOf, run } = require("./harness.cjs");

const CALLBACKS = { skip: MAJOR >= 24 && "callbacks ended with Node.js 22" };

test("an async handler answers each event, over one connection", async () => {
  const { posts, answers, connections, status } = await run("exports.handler = async (event) => ({ echo: event });", [1, "ä🦀", null]);
  assert.deepEqual(answers, [{ echo: 1 }, { echo: "ä🦀" }, { echo: null }]);
  assert.deepEqual(posts.map(({ call }) => call), [1, 2, 3].map((n) => `invocation/${idOf(n)}/response`));
  assert.equal(posts[0].fields["content-type"], "application/json");
  assert.equal(connections, OVER_HTTP ? 1 : 0);
  assert.equal(status, 0);
});

test("a value that is returned at once, or nothing, is an answer where callbacks are gone", { skip: MAJOR < 24 && "callbacks decide" }, async () => {
  const { answers } = await run("exports.handler = (event) => event ? { event } : undefined;", [1, null]);
  assert.deepEqual(answers, [{ event: 1 }, null]);
});

test("values without a JSON form", async () => {
  const code = `exports.handler = async (event) => ({
    nothing: undefined, text: "\\ud800", circular: (() => { const c = {}; c.c = c; return c; })(), big: 10n, date: new Date(0),
  })[event];`;
  const { answers, posts } = await run(code, ["nothing", "text", "date", "circular", "big"]);
  assert.deepEqual(answers.slice(0, 3), [null, "\ud800", "1970-01-01T00:00:00.000Z"]);
  for (const { body, call, fields } of posts.slice(3)) {
    const { errorType, errorMessage } = JSON.parse(body);
    assert.equal(errorType, MAJOR < 24 ? "Error" : "Runtime.JSONStringifyError");
    assert.equal(errorMessage, "Unable to stringify response body");
    assert.match(call, /error$/);
    assert.equal(fields["lambda-runtime-function-error-type"], errorType);
  }
});

test("the context tells of the function and the invocation", async () => {
  const fields = {
    "Lambda-Runtime-Client-Context": Buffer.from('{"custom":{"a":"ä"}}').toString("latin1"),
    "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
  };
  const code = `exports.handler = async (event, context) => {
    const left = context.getRemainingTimeInMillis();
    return { ...context, left: left > 0 && left <= 3000, trace: process.env._X_AMZN_TRACE_ID ?? null };
  };`;
  const { answers } = await run(code, [{ event: 0, fields }, 0]);
  const [first, second] = answers.map(({ callbackWaitsForEmptyEventLoop, ...rest }) => {
    assert.equal(callbackWaitsForEmptyEventLoop, MAJOR < 24 ? true : undefined);
    return rest;
  });
  const { clientContext, identity, trace, ...common } = first;
  assert.deepEqual(clientContext, { custom: { a: "ä" } });
  assert.deepEqual(identity, { cognitoIdentityId: "i", cognitoIdentityPoolId: "p" });
  assert.equal(trace, "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700");
  const members = {
    functionName: "f",
    functionVersion: "$LATEST",
    memoryLimitInMB: "128",
    logGroupName: "/aws/lambda/f",
    logStreamName: "2026/11/24/[$LATEST]0",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
    left: true,
  };
  assert.deepEqual(common, { ...members, awsRequestId: idOf(1) });
  assert.deepEqual(second, { ...members, awsRequestId: idOf(2), trace: null });
});

test("a client context that is no JSON fails its invocation only", async () => {
  const fields = { "Lambda-Runtime-Client-Context": "{" };
  const { answers } = await run("exports.handler = async () => 1;", [{ event: 0, fields }, 0]);
  assert.match(answers[0].errorMessage, /^Cannot parse ClientContext as json: SyntaxError/);
  assert.equal(answers[1], 1);
});

test("callbacks and the context's own methods answer, the first call counts", CALLBACKS, async () => {
  const code = `exports.handler = (event, context, callback) => {
    const calls = {
      callback: () => callback(null, "called"), done: () => context.done(null, "done"), succeed: () => context.succeed("succeeded"),
      twice: () => { callback(null, 1); callback(null, 2); context.fail(new Error("late")); },
      later: () => setTimeout(() => callback(undefined, "later"), 20),
    };
    calls[event]();
  };`;
  const { answers } = await run(code, ["callback", "done", "succeed", "twice", "later"]);
  assert.deepEqual(answers, ["called", "done", "succeeded", 1, "later"]);
});

test("errors by callback and by the context's methods", CALLBACKS, async () => {
  const code = `exports.handler = (event, context, callback) => {
    const calls = {
      callback: () => callback(new TypeError("no")), text: () => callback("just text"), fail: () => context.fail(new Error("failed")),
      nothing: () => context.fail(), done: () => context.done(new Error("done for")), thrown: () => { throw new RangeError("thrown"); },
    };
    calls[event]();
  };`;
  const { answers } = await run(code, ["callback", "text", "fail", "nothing", "done", "thrown"]);
  assert.deepEqual(
    answers.map(({ errorType, errorMessage }) => `${errorType}: ${errorMessage}`),
    ["TypeError: no", "string: just text", "Error: failed", "string: handled", "Error: done for", "RangeError: thrown"],
  );
});

test("a callback's answer waits for the event loop unless the handler says otherwise", CALLBACKS, async () => {
  const code = `let ran = 0; exports.handler = (event, context, callback) => {
    context.callbackWaitsForEmptyEventLoop = event.waits;
    const result = { toJSON: () => ran };
    setTimeout(() => { ran += 1; }, 60).unref();
    if (event.waits) setTimeout(() => { ran += 1; }, 40);
    callback(null, result);
  };`;
  const { answers } = await run(code, [{ waits: false }, { waits: true }]);
  assert.equal(answers[0], 0);
  assert.ok(answers[1] >= 1, String(answers));
});

test("a handler that forgets to answer answers null", CALLBACKS, async () => {
  const code = "exports.handler = (event) => { if (event) return new Promise(() => {}); return 'not a promise'; };";
  const { answers } = await run(code, [false, true, false]);
  assert.deepEqual(answers, [null, null, null]);
});

test("a promise that nothing can settle ends the process where callbacks are gone", { skip: MAJOR < 24 && "null there" }, async () => {
  const { posts, status } = await run("exports.handler = () => new Promise(() => {});", [1]);
  assert.deepEqual(posts, []);
  assert.equal(status, 0);
});

test("large events and answers", async () => {
  const text = "ä🦀".repeat(400_000);
  const { answers } = await run("exports.handler = async (event) => event;", [text, 1]);
  assert.ok(answers[0] === text && answers[1] === 1);
});
