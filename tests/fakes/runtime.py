"""A function that does what its request says: one behaviour a verb.

Speaks the Lambda Runtime API as `lambda_runtime` does, started the same way.
"""

import http.client
import json
import os
import sys
import time

PATH = "/2018-06-01/runtime"


def act(ask):  # noqa: C901 - one behaviour a branch
    verb = ask.get("do", "echo")
    if verb == "sleep":
        time.sleep(ask["s"])
    elif verb == "exit":
        os._exit(ask["code"])
    elif verb == "allocate":
        held = bytearray(ask["mb"] << 20)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(5)
    elif verb == "raise":
        raise RuntimeError(ask["message"])
    elif verb == "print":
        sys.stdout.write(ask["text"] + "\n")
        sys.stdout.flush()
    elif verb == "long":
        return "x" * ask["bytes"]
    elif verb == "environ":
        return dict(os.environ)
    elif verb == "event":
        return ask
    return {
        "version": os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        "pid": os.getpid(),
        "echo": ask,
    }


def main():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    if kind := os.environ.get("FAIL_INIT"):
        body = json.dumps({"errorType": kind, "errorMessage": "no model"})
        api.request("POST", f"{PATH}/init/error", body)
        sys.exit(1)
    time.sleep(float(os.environ.get("SLOW_INIT", "0")))
    if code := os.environ.get("EXIT_INIT"):
        sys.exit(int(code))
    while True:
        api.request("GET", f"{PATH}/invocation/next")
        event = api.getresponse()
        request, body = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
        try:
            answer, what = act(json.loads(body or b"{}")), "response"
        except RuntimeError as error:
            answer = {"errorType": "RuntimeError", "errorMessage": str(error)}
            what = "error"
        api.request("POST", f"{PATH}/invocation/{request}/{what}", json.dumps(answer))
        api.getresponse().read()
        if line := os.environ.get("AFTERWARDS"):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


main()
