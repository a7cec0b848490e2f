/*
 * Runs a function's handler: takes invocations from the platform and answers them, one at a time.
 *
 * What only some functions need, or only failures, is in files that are loaded when it is needed: `channel` and `http` (the two
 * ways to the platform), `loading` (the handler's module), `logging` (console), `faults` (errors, as answers and as log records),
 * `callbacks` (handlers before Node.js 24), `streaming` (streamed answers).
 *
 * Invariant: what a handler sees (its arguments, the module path, the environment, its log) is what Lambda's documentation
 * describes; how the messages travel is the business of `channel` and `http` alone.
 */
"use strict";

const { patchConsole, setRequest } = require("./logging.cjs");

const MAJOR = Number.parseInt(process.versions.node, 10);
/** Up to Node.js 22 handlers may use callbacks, and one that forgets to answer answers null. */
const CALLBACKS = MAJOR < 24;
/** What the process exits with after an error that nothing caught, as the service's does. */
const UNHANDLED_REJECTION = 128;
const UNCAUGHT_EXCEPTION = 129;

/** What is running, and how it ends when nothing catches its error. */
class Course {
  constructor(api) {
    this.api = api;
    /** Tells the platform of an error that ends what runs now; nothing between invocations. */
    this.report = (body, kind) => api.initError(body, kind);
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
  start(id) {
    // A process that dies asks for no more.
    this.report = (body, kind) => this.api.fail(id, body, kind, this.dying);
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
function invocationMembers({ id, deadline, arn, client, identity, tenant }) {
  return {
    clientContext: parse(client, "ClientContext"),
    identity: parse(identity, "CognitoIdentity"),
    invokedFunctionArn: arn,
    awsRequestId: id,
    tenantId: tenant,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function parse(text, title) {
  if (!text) {
    return undefined;
  }
  try {
    return JSON.parse(text);
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
async function invoke(course, handler, invocation, members) {
  const { id, body } = invocation;
  let answer;
  try {
    const event = JSON.parse(body);
    const context = { ...members, ...invocationMembers(invocation) };
    if (handler.streaming) {
      const { stream } = require("./streaming.cjs");
      return await stream(course, handler, event, context);
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
  return course.finish(() => course.api.respond(id, answer));
}

function traceThrough(trace) {
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
    setRequest(invocation.id, invocation.tenant);
    traceThrough(invocation.trace);
    course.start(invocation.id);
    if (course.api.sleeps) {
      // What has happened meanwhile, such as the end of a connection, is known before the handler runs.
      await new Promise(setImmediate);
    }
    await invoke(course, handler, invocation, members);
  }
}

/** The channel where it is offered, HTTP otherwise. */
function findPlatform() {
  const offer = process.env.LAMBENT_CHANNEL;
  delete process.env.LAMBENT_CHANNEL;
  if (offer !== undefined) {
    const { Channel } = require("./channel.cjs");
    if (Channel.fits(offer)) {
      return new Channel();
    }
  }
  return overHttp();
}

function overHttp() {
  const { Http } = require("./http.cjs");
  return new Http(process.env.AWS_LAMBDA_RUNTIME_API);
}

async function main() {
  patchConsole(CALLBACKS ? undefined : "-");
  const course = new Course(findPlatform());
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
  if (handler.streaming && !course.api.streams) {
    course.api = overHttp();
  }
  // What went wrong unnoticed while the module loaded comes out before this.
  setImmediate(() => {
    // Errors of the handler don't come here: the platform has gone, and nobody is left to tell.
    serve(course, handler).catch(() => process.exit(1));
  });
}

main();
