/*
 * The bootstrap against a Runtime API that is played here: real processes, real HTTP, functions written for each test.
 *
 * Run with the interpreter to be tested: `node --test runtimes/nodejs/tests/*.test.cjs`.
 */
"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const BOOTSTRAP = path.resolve(__dirname, "../bootstrap.cjs");
const PREFIX = "/2018-06-01/runtime/";
const MAJOR = Number.parseInt(process.versions.node, 10);
/** How long one run may take: the machine may be busy. */
const LONGEST = 30_000;

/** Gives out events, one per GET, and keeps what is posted; when no event is left, it ends the process. */
class RuntimeApi {
  constructor(events) {
    Object.assign(this, { events: [...events], posts: [], connections: 0, process: undefined });
    this.server = http.createServer((request, answer) => this.answer(request, answer));
    this.server.on("connection", () => this.connections++);
  }

  listen() {
    return new Promise((done) => this.server.listen(0, "127.0.0.1", () => done(`127.0.0.1:${this.server.address().port}`)));
  }

  async answer(request, answer) {
    const call = request.url.slice(PREFIX.length);
    if (request.method === "GET") {
      return this.next(answer);
    }
    const parts = [];
    for await (const part of request) {
      parts.push(part);
    }
    const body = Buffer.concat(parts).toString();
    this.posts.push({ call, body, fields: request.headers, trailers: request.trailers });
    answer.writeHead(202, { "Content-Type": "application/json" }).end('{"status":"OK"}\n');
  }

  next(answer) {
    if (this.events.length === 0) {
      // As the platform does with a runtime that waits.
      return setTimeout(() => this.process.kill("SIGKILL"), 15);
    }
    const { event, fields } = this.events.shift();
    answer.writeHead(200, {
      "Lambda-Runtime-Aws-Request-Id": `id-${this.posts.length + 1}`,
      "Lambda-Runtime-Deadline-Ms": String(Date.now() + 3000),
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
      "Content-Type": "application/json",
      ...fields,
    });
    answer.end(JSON.stringify(event));
  }
}

/** Runs a function on events. `code` is app.js, or files by name; an event may carry header fields: `{ event, fields }`. */
async function run(code, events, { handler = "app.handler", env = {}, argv = [] } = {}) {
  const task = fs.mkdtempSync(path.join(os.tmpdir(), "lambent-node-"));
  const api = new RuntimeApi(events.map((event) => (event?.fields ? event : { event, fields: {} })));
  try {
    write(task, typeof code === "string" ? { "app.js": code } : code);
    const variables = variablesFor(await api.listen(), handler, task, env);
    const child = spawn(process.execPath, [...argv, BOOTSTRAP], { cwd: task, env: variables, timeout: LONGEST });
    api.process = child;
    const [log, status] = await Promise.all([text(child.stdout, child.stderr), exited(child)]);
    const { posts, connections } = api;
    return { posts, connections, log, status, answers: posts.map(({ body }) => parsed(body)), task };
  } finally {
    api.server.close();
    api.server.closeAllConnections?.();
    fs.rmSync(task, { recursive: true });
  }
}

function variablesFor(address, handler, task, env) {
  return {
    AWS_LAMBDA_RUNTIME_API: address,
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: task,
    NODE_PATH: task,
    PATH: process.env.PATH,
    AWS_LAMBDA_FUNCTION_NAME: "f",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/f",
    AWS_LAMBDA_LOG_STREAM_NAME: "2026/11/24/[$LATEST]0",
    ...env,
  };
}

function write(task, files) {
  for (const [name, contents] of Object.entries(files)) {
    const place = path.join(task, name);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, contents);
  }
}

async function text(...streams) {
  const parts = [];
  await Promise.all(
    streams.map(async (stream) => {
      for await (const part of stream) {
        parts.push(part);
      }
    }),
  );
  return Buffer.concat(parts).toString();
}

/** Its status; 0 where the play is over. */
function exited(child) {
  return new Promise((done) => child.on("exit", (status, signal) => done(signal === "SIGKILL" ? 0 : (status ?? signal))));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

module.exports = { MAJOR, run };
