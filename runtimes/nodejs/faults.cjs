/*
 * Failures of a function: as the answer that its caller gets, and as the record that its log gets.
 */
"use strict";

const { types } = require("node:util");
const { isJson } = require("./logging.cjs");

/** An error with a name of the service's. */
function fault(name, message) {
  const error = new Error(message);
  Object.defineProperty(error, "name", { value: `Runtime.${name}` });
  return error;
}

/** A promise that was rejected without anybody to notice. */
function unhandledRejection(reason, promise) {
  return Object.assign(fault("UnhandledPromiseRejection", String(reason)), { reason, promise });
}

/** The error's answer, and its type as far as a header field can carry it. */
function describe(error) {
  const answer = answerOf(error);
  const plain = /^[\x20-\x7e]{1,256}$/.test(answer.errorType);
  return { body: JSON.stringify(answer), kind: plain ? answer.errorType : "Unhandled" };
}

function answerOf(error) {
  try {
    if (isError(error)) {
      return { errorType: printable(error.name), errorMessage: printable(error.message), trace: printable(error.stack).split("\n") };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
      trace: [],
    };
  }
}

/** Errors of other realms and of libraries that imitate them count too. */
function isError(value) {
  return types.isNativeError(value) || ["name", "message", "stack"].every((member) => value && typeof value[member] === "string");
}

function printable(text) {
  return text.replaceAll("\x7f", "%7F");
}

/** Writes the error to the log, as one record. */
function record(what, error) {
  const known = error instanceof Error ? error : new Error(answerOf(error).errorMessage);
  if (isJson()) {
    console.error(known);
  } else {
    console.error(what, `\t${asText(known)}`);
  }
}

function asText(error) {
  try {
    return JSON.stringify(error, (_name, value) => (value instanceof Error ? withStack(value) : value));
  } catch {
    return JSON.stringify(answerOf(error));
  }
}

function withStack(error) {
  const members = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  return typeof error.stack === "string" ? { ...members, stack: error.stack.split("\n") } : members;
}

module.exports = { describe, fault, record, unhandledRejection };
