/* Streamed answers. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { idOf, run } = require("./harness.cjs");

async function stream(body, events = [1]) {
  return run(`const { pipeline } = require("node:stream/promises"), { Readable } = require("node:stream");
  const pause = (ms = 5) => new Promise((done) => setTimeout(done, ms));
  exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} });`, events);
}

function lateError({ trailers }) {
  const { "lambda-runtime-function-error-type": type, "lambda-runtime-function-error-body": body } = trailers;
  return [type, JSON.parse(Buffer.from(body ?? "", "base64"))];
}

test("what is written goes out as it is, invocation after invocation", async () => {
  const { posts, status, connections } = await stream(
    "stream.setContentType('text/plain'); stream.write('one '); await pause(); stream.write(Buffer.from('two ')); stream.end(context.awsRequestId);",
    [1, 2],
  );
  assert.deepEqual(posts.map(({ body }) => body), ["one two " + idOf(1), "one two " + idOf(2)]);
  const { fields, call, trailers } = posts[0];
  assert.equal(call, `invocation/${idOf(1)}/response`);
  assert.equal(fields["content-type"], "text/plain");
  assert.equal(fields["lambda-runtime-function-response-mode"], "streaming");
  assert.equal(fields["transfer-encoding"], "chunked");
  assert.deepEqual([{ ...trailers }, status, connections], [{}, 0, 1]);
});

test("pipelines, objects, and nothing at all", async () => {
  const { posts } = await stream(
    "if (event === 1) await pipeline(Readable.from(['a', 'b'.repeat(200000)]), stream); else if (event === 2) { stream.write({ a: 1 }); stream.end(); } else stream.end();",
    [1, 2, 3],
  );
  assert.deepEqual(posts.map(({ body }) => body.length), [200001, 7, 0]);
  assert.equal(posts[2].fields["content-type"], "application/octet-stream");
});

test("a handler may return before its stream has ended", async () => {
  const { posts } = await stream("stream.write('a'); setTimeout(() => stream.end('b'), 20);", [1, 2]);
  assert.deepEqual(posts.map(({ body }) => body), ["ab", "ab"]);
});

test("an answer for HTTP has a prelude", async () => {
  const { posts } = await stream(`stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
    if (event === 1) { stream.write("body"); await pause(); }
    stream.end();`, [1, 2]);
  const prelude = '{"statusCode":201,"headers":{"a":"b"}}\0\0\0\0\0\0\0\0';
  assert.deepEqual(posts.map(({ body }) => body), [`${prelude}body`, prelude]);
  assert.equal(posts[0].fields["content-type"], "application/vnd.awslambda.http-integration-response");
});

test("an error before the first byte is an ordinary one, a later one is in the trailers", async () => {
  const { posts, answers } = await stream(
    "if (event === 2) { stream.write('half'); await pause(); } throw new TypeError('broken');",
    [1, 2, 1],
  );
  assert.deepEqual(posts.map(({ call }) => call.split("/").pop()), ["error", "response", "error"]);
  assert.deepEqual([answers[0].errorType, answers[0].errorMessage], ["TypeError", "broken"]);
  const [type, error] = lateError(posts[1]);
  assert.deepEqual([posts[1].body, type, error.errorMessage], ["half", "TypeError", "broken"]);
});

test("a content type may not change after the first byte", async () => {
  const { posts } = await stream("stream.write('x'); await pause(); stream.setContentType('text/html');");
  const [type, { errorMessage }] = lateError(posts[0]);
  assert.deepEqual([type, errorMessage], ["Runtime.InvalidStreamingOperation", "Cannot set content-type, too late."]);
});

test("an uncaught exception breaks a stream off and ends the process", async () => {
  const { posts, status } = await stream("stream.write('x'); await pause(); setTimeout(() => { throw new Error('loose'); }, 1); await pause(5000);");
  assert.deepEqual([lateError(posts[0])[1].errorMessage, status], ["loose", 129]);
});

test("a handler that is not async can't stream", async () => {
  const { answers } = await run("exports.handler = awslambda.streamifyResponse(() => 1);", [1]);
  assert.equal(answers[0].errorMessage, "Streaming does not support non-async handlers.");
});

test("a stream that nothing can end is an error", async () => {
  const { answers } = await stream("stream.cork(); return;", [1]);
  assert.equal(answers[0].errorMessage, "Response stream is not finished.");
});

test("the streaming kind is the only one, and the global can be left out", async () => {
  const code = "exports.handler = Object.assign(async () => 1, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 'request' });";
  const { answers } = await run(code, [1]);
  assert.equal(answers[0].errorType, "Runtime.MalformedStreamingHandler");
  const without = await run("exports.handler = async () => typeof awslambda;", [1], { env: { AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA: "1" } });
  assert.deepEqual(without.answers, ["undefined"]);
});
