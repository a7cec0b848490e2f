/*
 * Runs a function's handler: takes invocations from the Runtime API and answers them, one at a time.
 *
 * This file is what every start must compile and every invocation must run. What only some functions need, or only failures,
 * is in the files beside it and is loaded when it is needed: `loading` (the handler's module), `logging` (console), `faults`
 * (errors, as answers and as log records), `callbacks` (handlers before Node.js 24), `streaming` (streamed answers).
 *
 * Invariant: what a handler sees (its arguments, the module path, the environment, its log) is what Lambda's documentation
 * describes; how the messages travel is nobody's business but this file's.
 */
"use strict";

const http = require("node:http");
const { patchConsole, setRequest } = require("./logging.cjs");

const BASE = "/2018-06-01/runtime/";
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const MAJOR = Number.parseInt(process.versions.node, 10);
/** Up to Node.js 22 handlers may use callbacks, and one that forgets to answer answers null. */
const CALLBACKS = MAJOR < 24;
/** What the process exits with after an error that nothing caught, as the service's does. */
const UNHANDLED_REJECTION = 128;
const UNCAUGHT_EXCEPTION = 129;

/** One connection to the Runtime API, kept open for the life of the environment. */
class RuntimeApi {
  constructor(address) {
    const at = address.lastIndexOf(":");
    this.place = { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  /** Begins a request; the promise is that of its answer. */
  begin(method, path, headers) {
    let request;
    const answer = new Promise((resolve, reject) => {
      request = http.request({ ...this.place, agent: this.agent, method, path: BASE + path, headers }, (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("error", reject);
        answer.on("end", () => {
          const body = parts.length === 1 ? parts[0] : Buffer.concat(parts);
          resolve({ status: answer.statusCode, fields: answer.headers, body });
        });
      });
      request.on("error", reject);
    });
    // Whoever waits for it gets the error; nobody may be waiting yet.
    answer.catch(() => {});
    return { request, answer };
  }

  /** The next invocation: its header fields and its body. */
  async next() {
    const { request, answer } = this.begin("GET", "invocation/next");
    request.end();
    const { status, fields, body } = await answer;
    if (status !== 200) {
      throw new Error(`the Runtime API answered ${status}: ${body}`);
    }
    return { fields, body };
  }

  post(path, body, errorType) {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    if (errorType !== undefined) {
      headers[ERROR_TYPE] = errorType;
    }
    const { request, answer } = this.begin("POST", path, headers);
    request.end(body);
    return answer;
  }
}

/** What is running, and how it ends when nothing catches its error. */
class Course {
  constructor(api) {
    this.api = api;
    /** Tells the platform of an error that ends what runs now; nothing between invocations. */
    this.report = (body, kind) => api.post("init/error", body, kind);
    /** The answer that is on its way. */
    this.answering = undefined;
    this.dying = false;
    this.idle = undefined;
  }

  /** Calls back once the event loop has nothing left to do; replaces what was to be called before. */
  whenIdle(callback) {
    this.idle = callback;
  }

  loopIsEmpty() {
    const { idle } = this;
    this.idle = undefined;
    if (idle !== undefined) {
      setImmediate(idle);
    }
  }

  /** Takes an invocation up. */
  start(path) {
    this.report = (body, kind) => this.api.post(`${path}error`, body, kind);
  }

  /** The one answer of the invocation. A process that is about to exit has given it already: then this never returns. */
  async finish(send) {
    if (this.dying) {
      await new Promise(() => {});
    }
    this.report = undefined;
    this.idle = undefined;
    this.answering = send();
    await this.answering;
    this.answering = undefined;
    if (this.dying) {
      await new Promise(() => {});
    }
  }

  /** The end after an error that nothing caught: the platform is told, where it waits for an answer. */
  async die(what, error, status) {
    if (this.dying) {
      return;
    }
    this.dying = true;
    const { describe, record } = require("./faults.cjs");
    record(what, error);
    try {
      if (this.answering !== undefined) {
        await this.answering;
      } else if (this.report !== undefined) {
        const { body, kind } = describe(error);
        await this.report(body, kind);
      }
    } catch {
      // The platform has gone, and nobody is left to tell.
    }
    process.exit(status);
  }
}

/** What a context says about the function: the same for all invocations. */
function functionMembers(environment) {
  return {
    functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
  };
}

/** What it says about the invocation. */
function invocationMembers(fields) {
  const deadline = Number(fields["lambda-runtime-deadline-ms"]);
  return {
    clientContext: parseField(fields, "client-context", "ClientContext"),
    identity: parseField(fields, "cognito-identity", "CognitoIdentity"),
    invokedFunctionArn: fields["lambda-runtime-invoked-function-arn"],
    awsRequestId: fields["lambda-runtime-aws-request-id"],
    tenantId: fields["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** JSON that came in a header field, which the HTTP reader took for Latin-1. */
function parseField(fields, name, title) {
  const value = fields[`lambda-runtime-${name}`];
  if (value === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(Buffer.from(value, "latin1").toString());
  } catch (error) {
    throw new Error(`Cannot parse ${title} as json: ${error}`);
  }
}

function serialise(result) {
  try {
    return JSON.stringify(result) ?? "null";
  } catch {
    const error = new Error("Unable to stringify response body");
    if (!CALLBACKS) {
      error.name = "Runtime.JSONStringifyError";
    }
    throw error;
  }
}

/** Runs one invocation and answers it. */
async function invoke(course, handler, { fields, body }, members) {
  const path = `invocation/${encodeURIComponent(fields["lambda-runtime-aws-request-id"])}/`;
  course.start(path);
  let answer;
  try {
    const event = JSON.parse(body.toString());
    const context = { ...members, ...invocationMembers(fields) };
    if (handler.streaming) {
      const { stream } = require("./streaming.cjs");
      return await stream(course, handler, event, context, path);
    }
    // Not called as a method: nothing of this file is its `this`.
    const { run } = handler;
    const result = CALLBACKS ? require("./callbacks.cjs").run(course, run, event, context) : run(event, context);
    answer = serialise(await result);
  } catch (error) {
    const { describe, record } = require("./faults.cjs");
    record("Invoke Error", error);
    const { body, kind } = describe(error);
    const { report } = course;
    return course.finish(() => report(body, kind));
  }
  return course.finish(() => course.api.post(`${path}response`, answer));
}

function traceThrough(fields) {
  const trace = fields["lambda-runtime-trace-id"];
  if (trace) {
    process.env._X_AMZN_TRACE_ID = trace;
  } else {
    delete process.env._X_AMZN_TRACE_ID;
  }
}

async function serve(course, handler) {
  const members = functionMembers(process.env);
  course.report = undefined;
  for (;;) {
    const invocation = await course.api.next();
    const { fields } = invocation;
    setRequest(fields["lambda-runtime-aws-request-id"], fields["lambda-runtime-aws-tenant-id"]);
    traceThrough(fields);
    await invoke(course, handler, invocation, members);
  }
}

async function main() {
  patchConsole(CALLBACKS ? undefined : "-");
  const course = new Course(new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API));
  process.on("beforeExit", () => course.loopIsEmpty());
  process.on("uncaughtException", (error) => course.die("Uncaught Exception", error, UNCAUGHT_EXCEPTION));
  process.on("unhandledRejection", (reason, promise) => {
    const { unhandledRejection } = require("./faults.cjs");
    course.die("Unhandled Promise Rejection", unhandledRejection(reason, promise), UNHANDLED_REJECTION);
  });
  let handler;
  try {
    const { load } = require("./loading.cjs");
    handler = await load(process.env.LAMBDA_TASK_ROOT ?? process.cwd(), process.env._HANDLER ?? "", CALLBACKS);
  } catch (error) {
    return course.die(CALLBACKS ? "Uncaught Exception" : "Init Error", error, CALLBACKS ? UNCAUGHT_EXCEPTION : 1);
  }
  // What went wrong unnoticed while the module loaded comes out before this.
  setImmediate(() => {
    // Errors of the handler don't come here: the platform has gone, and nobody is left to tell.
    serve(course, handler).catch(() => process.exit(1));
  });
}

main();
