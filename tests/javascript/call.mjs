// Calls the platform with the JavaScript SDK: reads one JSON object a line, writes one JSON object a line.
//
// A line in: {"service", "operation", "input"}; a line out: {"output"} or {"error": {"code", "message", "status"}}.
// Bytes are {"$bytes": base64} both ways. Where and as whom it calls is in the environment, as in any program.

import { createInterface } from "node:readline";
import * as lambda from "@aws-sdk/client-lambda";
import * as iam from "@aws-sdk/client-iam";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import * as sqs from "@aws-sdk/client-sqs";
import * as sts from "@aws-sdk/client-sts";

const options = { maxAttempts: 1 };
const services = {
  lambda: [lambda, new lambda.LambdaClient(options)],
  iam: [iam, new iam.IAMClient(options)],
  logs: [logs, new logs.CloudWatchLogsClient(options)],
  sqs: [sqs, new sqs.SQSClient(options)],
  sts: [sts, new sts.STSClient(options)],
};

function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== "object") return value;
  if (typeof value.$bytes === "string") return Buffer.from(value.$bytes, "base64");
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, given(member)]));
}

function shown(value) {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member)]));
}

async function call({ service, operation, input }) {
  const [sdk, client] = services[service];
  const Command = sdk[`${operation}Command`];
  try {
    const { $metadata, ...output } = await client.send(new Command(given(input)));
    return { output: shown(output), status: $metadata.httpStatusCode };
  } catch (error) {
    const status = error.$metadata?.httpStatusCode;
    return { error: { code: error.name, message: error.message, status } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await call(JSON.parse(line)))}\n`);
}
