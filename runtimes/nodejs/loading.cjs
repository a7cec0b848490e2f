/*
 * Finds the handler: the function that `_HANDLER` names, in a CommonJS or an ES module of the function's code.
 *
 * Where modules are looked for, and under which names failures are reported, is as the official client for Node.js has it.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
/** Source: aws-lambda-nodejs-runtime-interface-client, recorded from nodejs24.x. */
const NO_CALLBACKS =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this " +
  "function to use a supported handler signature to use Node.js 24 or later. For more information see " +
  "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";

/** The handler, and how it answers: `{ run, streaming, highWaterMark }`. */
async function load(root, name, callbacks) {
  offerStreaming();
  const { folder, module, member } = split(name);
  const run = memberOf(await importModule(root, folder, module, callbacks), member);
  if (!run) {
    throw fault("HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof run !== "function") {
    throw fault("HandlerNotFound", `${name} is not a function`);
  }
  const streaming = Boolean(run[STREAMING]);
  if (streaming && run[STREAMING] !== "response") {
    throw fault("MalformedStreamingHandler", "Only response streaming is supported.");
  }
  if (!callbacks && !streaming && run.length >= 3) {
    throw fault("CallbackHandlerDeprecated", NO_CALLBACKS);
  }
  return { run, streaming, highWaterMark: Number.parseInt(run[HIGH_WATER_MARK], 10) || undefined };
}

function fault(name, message) {
  return require("./faults.cjs").fault(name, message);
}

/** `folder/module.member`; a member may be one of another: `app.handlers.create`. */
function split(name) {
  if (name.includes("..")) {
    throw fault(
      "MalformedHandlerName",
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = path.basename(name);
  const dot = last.indexOf(".");
  if (dot < 0) {
    throw fault("MalformedHandlerName", "Bad handler");
  }
  return { folder: name.slice(0, name.indexOf(last)), module: last.slice(0, dot), member: last.slice(dot + 1) };
}

/** The member of a module, or of what an ES module exports by default. */
function memberOf(module, member) {
  const find = (object) => member.split(".").reduce((outer, name) => outer?.[name], object);
  return find(module) ?? find(module?.default);
}

async function importModule(root, folder, module, callbacks) {
  try {
    return await find(root, folder, module, callbacks);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw Object.assign(fault("UserCodeSyntaxError", String(error)), { stack: error.stack });
    }
    if (error?.code === "MODULE_NOT_FOUND") {
      throw fault("ImportModuleError", String(error));
    }
    throw error;
  }
}

/** From Node.js 24 on a `.js` file is an ES module wherever `import` takes it for one, before that where package.json says so. */
async function find(root, folder, module, callbacks) {
  const place = path.resolve(root, folder, module);
  const kind = fs.statSync(place, { throwIfNoEntry: false });
  if (kind?.isFile()) {
    return require(place);
  }
  if (fs.existsSync(`${place}.js`)) {
    return !callbacks || isEsPackage(path.dirname(place)) ? importFile(`${place}.js`) : require(`${place}.js`);
  }
  if (fs.existsSync(`${place}.mjs`)) {
    return importFile(`${place}.mjs`);
  }
  if (fs.existsSync(`${place}.cjs`)) {
    return require(`${place}.cjs`);
  }
  // A folder with an index.js, or a package of the code or of a layer.
  return require(kind ? place : require.resolve(module, { paths: [root, path.resolve(root, folder)] }));
}

function importFile(file) {
  return import(require("node:url").pathToFileURL(file).href);
}

/** Whether the nearest package.json says `"type": "module"`. */
function isEsPackage(folder) {
  if (path.basename(folder) === "node_modules") {
    return false;
  }
  const file = path.join(folder, "package.json");
  if (fs.existsSync(file)) {
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder !== path.dirname(folder) && isEsPackage(path.dirname(folder));
}

/** `awslambda`, by which a function says that its handler streams. */
function offerStreaming() {
  if (["1", "true"].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
    return;
  }
  globalThis.awslambda = {
    ...globalThis.awslambda,
    streamifyResponse(handler, options) {
      handler[STREAMING] = "response";
      if (typeof options?.highWaterMark === "number") {
        handler[HIGH_WATER_MARK] = options.highWaterMark;
      }
      return handler;
    },
    get HttpResponseStream() {
      return require("./streaming.cjs").HttpResponseStream;
    },
  };
}

module.exports = { load };
