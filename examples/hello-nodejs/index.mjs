/* Greets whoever the event names, and shows what a function knows about its invocation. */

export const handler = async (event, context) => {
  const name = event.name ?? "stranger";
  console.log(`greeting ${name}, ${context.getRemainingTimeInMillis()} ms left`);
  return {
    greeting: `Hello, ${name}!`,
    function: context.functionName,
    version: context.functionVersion,
    request: context.awsRequestId,
    memory: `${context.memoryLimitInMB} MB`,
    runtime: process.env.AWS_EXECUTION_ENV,
  };
};
