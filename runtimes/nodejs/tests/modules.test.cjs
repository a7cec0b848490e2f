/* Which modules handlers may be in. */
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { MAJOR, OVER_HTTP, idOf, run } = require("./harness.cjs");

async function answer(files, options) {
  const { answers, log } = await run(files, [1], options);
  assert.equal(answers.length, 1, log);
  return answers[0];
}

test("a member of a member, in a folder, or by a whole path", async () => {
  const code = "exports.api = { users: { create: async () => 'created' } };";
  assert.equal(await answer(code, { handler: "app.api.users.create" }), "created");
  const inner = "exports.handler = async () => require('./beside').VALUE;";
  const files = { "src/inner/app.js": inner, "src/inner/beside.js": "exports.VALUE = 7;" };
  assert.equal(await answer(files, { handler: "src/inner/app.handler" }), 7);
});

test("ES modules by their extension and by package.json", async () => {
  const code = `import { join } from "node:path";
  const value = await Promise.resolve(3);
  export const handler = async () => [join("a", "b"), value, typeof require, import.meta.url.endsWith("js")];`;
  const expected = ["a/b", 3, "undefined", true];
  assert.deepEqual(await answer({ "app.mjs": code }), expected);
  assert.deepEqual(await answer({ "app.js": code, "package.json": '{"type":"module"}' }), expected);
  assert.deepEqual(await answer({ "src/app.js": code, "package.json": '{"type":"module"}' }, { handler: "src/app.handler" }), expected);
});

test("a package.json further in decides", async () => {
  const files = {
    "package.json": '{"type":"module"}',
    "old/package.json": "{}",
    "old/app.js": "exports.handler = async () => typeof require;",
    "old/app.mjs": "export const handler = async () => 'the .js comes first';",
  };
  assert.equal(await answer(files, { handler: "old/app.handler" }), "function");
});

test("CommonJS by its extension, and files without one", async () => {
  const code = "exports.handler = async () => typeof module;";
  assert.equal(await answer({ "app.cjs": code, "package.json": '{"type":"module"}' }), "object");
  assert.equal(await answer({ app: code }), "object");
});

test("a handler that is exported by default", async () => {
  assert.equal(await answer({ "app.mjs": "export default { handler: async () => 1 };" }), 1);
});

test("an ES module without a sign that it is one", { skip: MAJOR < 24 && "detected from Node.js 24 on" }, async () => {
  assert.equal(await answer("export const handler = async () => 1; await null;"), 1);
});

test("JSON is imported as Node.js allows", { skip: MAJOR < 20 && "with another word there" }, async () => {
  const code = 'import data from "./data.json" with { type: "json" }; export const handler = async () => data.a;';
  assert.equal(await answer({ "app.mjs": code, "data.json": '{"a":5}' }), 5);
});

test("a folder with an index, and a package of node_modules or of NODE_PATH", async () => {
  const code = "exports.handler = async () => __filename.slice(-8);";
  assert.equal(await answer({ "app/index.js": code }), "index.js");
  const wrapped = { "node_modules/wrapper/index.js": code };
  assert.equal(await answer(wrapped, { handler: "wrapper.handler" }), "index.js");
  assert.equal(await answer({ "node_modules/wrapper/deep/x.js": code }, { handler: "node_modules/wrapper/deep/x.handler" }), "eep/x.js");
});

test("nothing of the bootstrap is a handler's `this`", async () => {
  assert.equal(await answer("exports.handler = async function () { return this === undefined || this === globalThis; };"), true);
});
