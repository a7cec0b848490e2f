/*
 * The Runtime API over HTTP, as every other runtime speaks it: for streamed answers, and for a platform that offers no channel.
 */
"use strict";

const http = require("node:http");

const BASE = "/2018-06-01/runtime/";
const PREFIX = "lambda-runtime-";

/** One connection, kept open for the life of the environment. */
class Http {
  /** Whether answers may go out in parts. */
  streams = true;
  sleeps = false;

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
        answer.on("end", () => resolve({ status: answer.statusCode, fields: answer.headers, body: Buffer.concat(parts).toString() }));
      });
      request.on("error", reject);
    });
    // Whoever waits for it gets the error; nobody may be waiting yet.
    answer.catch(() => {});
    return { request, answer };
  }

  /** The next invocation. */
  async next() {
    const { request, answer } = this.begin("GET", "invocation/next");
    request.end();
    const { status, fields, body } = await answer;
    if (status !== 200) {
      throw new Error(`the Runtime API answered ${status}: ${body}`);
    }
    return {
      id: fields[`${PREFIX}aws-request-id`],
      deadline: Number(fields[`${PREFIX}deadline-ms`]),
      arn: textOf(fields, "invoked-function-arn"),
      trace: textOf(fields, "trace-id"),
      client: textOf(fields, "client-context"),
      identity: textOf(fields, "cognito-identity"),
      tenant: textOf(fields, "aws-tenant-id"),
      body,
    };
  }

  respond(id, body) {
    return this.post(`invocation/${id}/response`, body);
  }

  fail(id, body, kind) {
    return this.post(`invocation/${id}/error`, body, kind);
  }

  initError(body, kind) {
    return this.post("init/error", body, kind);
  }

  post(path, body, errorType) {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
    if (errorType !== undefined) {
      headers["Lambda-Runtime-Function-Error-Type"] = errorType;
    }
    const { request, answer } = this.begin("POST", path, headers);
    request.end(body);
    return answer;
  }
}

/** The text of a header field, which the HTTP reader took for Latin-1. */
function textOf(fields, name) {
  const value = fields[PREFIX + name];
  return value === undefined ? undefined : Buffer.from(value, "latin1").toString();
}

module.exports = { Http };
