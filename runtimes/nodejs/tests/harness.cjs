/*
 * The bootstrap against a platform that is played here: real processes, a real channel, functions written for each test.
 *
 * Run with the interpreter to be tested: `node --test runtimes/nodejs/tests/*.test.cjs`, and once more with OVER_HTTP=1.
 */
"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const BOOTSTRAP = path.resolve(__dirname, "../bootstrap.cjs");
const PREFIX = "/2018-06-01/runtime/";
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:f";
const MAJOR = Number.parseInt(process.versions.node, 10);
const OVER_HTTP = process.env.OVER_HTTP === "1";
/** How long one run may take: the machine may be busy. */
const LONGEST = 30_000;

/** Gives out events, one per GET, and keeps what is posted; when no event is left, it ends the process. */
class RuntimeApi {
  constructor(events) {
    Object.assign(this, { events: [...events], posts: [], greetings: [], connections: 0, process: undefined });
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

  /** The next event, or the end: as the platform does with a runtime that waits. */
  take() {
    if (this.events.length === 0) {
      setTimeout(() => this.process.kill("SIGKILL"), 15);
    }
    return this.events.shift();
  }

  next(answer) {
    const taken = this.take();
    if (taken === undefined) {
      return;
    }
    const { event, fields } = taken;
    answer.writeHead(200, {
      "Lambda-Runtime-Aws-Request-Id": idOf(this.posts.length + 1),
      "Lambda-Runtime-Deadline-Ms": String(Date.now() + 3000),
      "Lambda-Runtime-Invoked-Function-Arn": ARN,
      "Content-Type": "application/json",
      ...fields,
    });
    answer.end(JSON.stringify(event));
  }
}

/** The same over a channel: keeps what is said as if it had been posted. */
class PlayedChannel {
  constructor(api, socket) {
    Object.assign(this, { api, socket, unread: Buffer.alloc(0) });
    socket.on("data", (data) => this.read(Buffer.concat([this.unread, data])));
    socket.on("error", () => {});
  }

  read(data) {
    while (data.length >= 8 && data.length >= 8 + data.readUInt16BE(2) + data.readUInt32BE(4)) {
      const end = 8 + data.readUInt16BE(2);
      const next = end + data.readUInt32BE(4);
      this.hear(data[0], data.subarray(8, end).toString("latin1"), data.subarray(end, next).toString());
      data = data.subarray(next);
    }
    this.unread = data;
  }

  hear(kind, fields, body) {
    const id = fields.slice(0, 36);
    const post = (call, type) => this.api.posts.push({ call, body, fields: { ...type }, trailers: {} });
    const error = (type) => ({ "lambda-runtime-function-error-type": type });
    const heard = {
      1: () => this.api.greetings.push(fields),
      2: () => this.invoke(),
      3: () => post(`invocation/${id}/response`, { "content-type": fields.slice(36) }),
      4: () => post(`invocation/${id}/error`, error(fields.slice(36))),
      5: () => post("init/error", error(fields)),
    };
    heard[kind]();
  }

  invoke() {
    const taken = this.api.take();
    if (taken === undefined) {
      return;
    }
    const { event, fields, refused } = taken;
    if (refused !== undefined) {
      const status = Buffer.from([refused >> 8, refused & 255]);
      this.send(0x82, Buffer.concat([status, Buffer.from("Type")]), "no");
      return this.invoke();
    }
    const names = ["Trace-Id", "Client-Context", "Cognito-Identity"].map((name) => `Lambda-Runtime-${name}`);
    const texts = [ARN, ...names.map((name) => fields[name] ?? "")].map((text, at) => Buffer.from(text, at === 0 ? "utf8" : "latin1"));
    const numbers = Buffer.alloc(16);
    numbers.writeBigUInt64BE(BigInt(Date.now() + 3000));
    texts.forEach((text, at) => numbers.writeUInt16BE(text.length, 8 + 2 * at));
    const id = Buffer.from(idOf(this.api.posts.length + 1));
    this.send(0x81, Buffer.concat([id, numbers, ...texts]), JSON.stringify(event));
  }

  send(kind, fields, body) {
    const [head, payload] = [Buffer.alloc(8), Buffer.from(body)];
    head[0] = kind;
    head.writeUInt16BE(fields.length, 2);
    head.writeUInt32BE(payload.length, 4);
    this.socket.write(Buffer.concat([head, fields, payload]));
  }
}

function idOf(number) {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** Runs a function on events. `code` is app.js, or files by name; an event may carry header fields: `{ event, fields }`. */
async function run(code, events, { handler = "app.handler", env = {}, http: overHttp = OVER_HTTP } = {}) {
  const task = fs.mkdtempSync(path.join(os.tmpdir(), "lambent-node-"));
  const api = new RuntimeApi(events.map((event) => (event?.fields || event?.refused ? event : { event, fields: {} })));
  try {
    write(task, typeof code === "string" ? { "app.js": code } : code);
    const channel = overHttp ? {} : { LAMBENT_CHANNEL: "1:3" };
    const variables = variablesFor(await api.listen(), handler, task, { ...channel, ...env });
    const stdio = ["ignore", "pipe", "pipe", ...(overHttp ? [] : ["pipe"])];
    const child = spawn(process.execPath, [BOOTSTRAP], { cwd: task, env: variables, timeout: LONGEST, stdio });
    api.process = child;
    if (!overHttp) {
      new PlayedChannel(api, child.stdio[3]);
    }
    const [log, status] = await Promise.all([text(child.stdout, child.stderr), exited(child)]);
    const { posts, greetings, connections } = api;
    return { posts, greetings, connections, log, status, answers: posts.map(({ body }) => parsed(body)), task };
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

module.exports = { MAJOR, OVER_HTTP, idOf, run };
