/*
 * The console as functions know it: each call is one record of the log, with the time, the request's id and the level.
 *
 * Text and JSON formats have the fields that Lambda's documentation describes under "Using Lambda advanced logging controls with
 * Node.js".
 */
"use strict";

const fs = require("node:fs");

/** By severity; a record below AWS_LAMBDA_LOG_LEVEL is not written. */
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
/** NUL before a line break says that the record goes on. */
const LINE = "\0\n";
/** How long to wait for room in a full pipe, in milliseconds. */
const PAUSE = 1;

let requestId;
let tenantId;
let json = false;
let format;

/** The invocation that the following records belong to. */
function setRequest(id, tenant) {
  requestId = id;
  tenantId = tenant;
}

/** Replaces the methods of `console`. Before the first invocation records carry `none` for its id. */
function patchConsole(none) {
  requestId = none;
  json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
  const lowest = LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase());
  LEVELS.forEach((level, severity) => {
    const write = json ? writeJson : writeText;
    console[level.toLowerCase()] = severity < lowest ? () => {} : (...values) => write(level, values);
  });
  console.log = console.info;
}

/** Whether records are JSON objects. */
function isJson() {
  return json;
}

function formatted(values) {
  if (values.length === 1 && typeof values[0] === "string") {
    return values[0];
  }
  format ??= require("node:util").format;
  return format(...(values.length === 0 ? [undefined] : values));
}

function writeText(level, values) {
  const text = formatted(values).replaceAll("\n", LINE);
  put(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
}

function writeJson(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId, tenantId };
  put(`${values.length > 1 ? withError(record, values) : withMessage(record, values[0])}\n`);
}

function withMessage(record, message) {
  try {
    return JSON.stringify({ ...record, message }, (_name, value) => (value instanceof Error ? asObject(value) : value));
  } catch {
    // Circular, or a number of a kind that JSON lacks.
    return JSON.stringify({ ...record, message: formatted([message]) });
  }
}

function withError(record, values) {
  const error = values.find((value) => value instanceof Error);
  const members = error === undefined ? {} : described(error);
  return JSON.stringify({ ...record, message: formatted(values), ...members });
}

function described(error) {
  const stack = typeof error.stack === "string" ? error.stack.split("\n") : [];
  return { errorType: error.constructor?.name ?? "UnknownError", errorMessage: error.message, stackTrace: stack };
}

function asObject(error) {
  return { ...described(error), ...error };
}

/** Writes all of it before it returns: the log is complete before the answer goes out. */
function put(text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(1, bytes));
    } catch (error) {
      if (error.code !== "EAGAIN") {
        // The function closed its standard output: it wants no log.
        return;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}

module.exports = { isJson, patchConsole, setRequest };
