/*
 * Streamed answers: what a handler writes goes out as it is written, as one chunked request.
 *
 * An error after the first byte travels in the trailers of that request; before it, as any other error. Source: "Response
 * streaming" under "Building a custom runtime" in the Lambda developer guide.
 */
"use strict";

const { Writable } = require("node:stream");
const { describe, fault, record } = require("./faults.cjs");

const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
/** Between the prelude and the body of an answer for HTTP. */
const DELIMITER = new Uint8Array(8);

/** What a handler writes its answer to. */
class ResponseStream extends Writable {
  #open;
  #type = "application/octet-stream";
  #begun;
  #written = false;

  constructor(open, highWaterMark) {
    super(highWaterMark === undefined ? {} : { highWaterMark });
    this.#open = open;
  }

  /** Until the first write. */
  setContentType(type) {
    if (this.#written) {
      throw fault("InvalidStreamingOperation", "Cannot set content-type, too late.");
    }
    this.#type = type;
  }

  write(chunk, encoding, callback) {
    this.#first();
    const plain = typeof chunk === "string" || chunk instanceof Uint8Array;
    return super.write(plain ? chunk : JSON.stringify(chunk), encoding, callback);
  }

  end(chunk, encoding, callback) {
    if (typeof chunk === "function") {
      return this.end(undefined, undefined, chunk);
    }
    if (typeof encoding === "function") {
      return this.end(chunk, undefined, encoding);
    }
    this.#first();
    if (chunk !== undefined && chunk !== null) {
      this.write(chunk, encoding);
    }
    return super.end(callback);
  }

  #first() {
    if (!this.#written) {
      this.#written = true;
      this._onBeforeFirstWrite?.((chunk) => super.write(chunk));
    }
  }

  #begin() {
    this.#begun ??= this.#open(this.#type);
    return this.#begun;
  }

  _write(chunk, _encoding, done) {
    this.#begin().request.write(chunk, done);
  }

  _final(done) {
    this.#begin().request.end(done);
  }

  /** Whether anything of it has gone out. */
  get begun() {
    return this.#begun !== undefined;
  }

  /** The platform's answer to it. */
  get taken() {
    return this.#begin().answer;
  }

  /** Ends it with an error. */
  break(body, kind) {
    const { request, answer } = this.#begin();
    request.addTrailers({ [ERROR_TYPE]: kind, [ERROR_BODY]: Buffer.from(body).toString("base64") });
    request.end();
    return answer;
  }
}

/** Puts the status and the header fields of an answer for HTTP before its body. */
class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    stream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(DELIMITER);
    };
    return stream;
  }
}

/** Runs one invocation whose handler streams, and answers it. */
async function stream(course, handler, event, context) {
  const { awsRequestId: id } = context;
  const open = (type) => {
    const headers = {
      "Content-Type": type,
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      Trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
    };
    return course.api.begin("POST", `invocation/${id}/response`, headers);
  };
  const response = new ResponseStream(open, handler.highWaterMark);
  // Errors of the connection come out where the answer is waited for.
  response.on("error", () => {});
  course.report = (body, kind) => ended(course, response, id, body, kind);
  try {
    await run(course, handler.run, event, context, response);
  } catch (error) {
    record("Invoke Error", error);
    const { body, kind } = describe(error);
    const { report } = course;
    return course.finish(() => report(body, kind));
  }
  return course.finish(() => response.taken);
}

function ended(course, response, id, body, kind) {
  if (response.writableFinished) {
    return response.taken;
  }
  return response.begun ? response.break(body, kind) : course.api.fail(id, body, kind);
}

/** Until the handler has returned and its stream has ended, or nothing is left that could end it. */
async function run(course, handler, event, context, response) {
  const idle = new Promise((resolve) => course.whenIdle(resolve));
  const returned = handler(event, response, context);
  if (typeof returned?.then !== "function") {
    throw new Error("Streaming does not support non-async handlers.");
  }
  const finished = new Promise((resolve) => response.once("close", resolve));
  const value = await Promise.race([returned, idle]);
  if (value !== undefined) {
    console.warn("Streaming handlers ignore return values.");
  }
  await Promise.race([finished, idle]);
  if (!response.writableFinished) {
    throw new Error("Response stream is not finished.");
  }
}

module.exports = { HttpResponseStream, stream };
