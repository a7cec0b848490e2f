"""Greets whoever the event names, and shows what a function knows about its invocation."""

import os


def handler(event, context):
    name = event.get("name", "stranger")
    print(f"greeting {name}, {context.get_remaining_time_in_millis()} ms left")
    return {
        "greeting": f"Hello, {name}!",
        "function": context.function_name,
        "version": context.function_version,
        "request": context.aws_request_id,
        "memory": f"{context.memory_limit_in_mb} MB",
        "runtime": os.environ["AWS_EXECUTION_ENV"],
    }
