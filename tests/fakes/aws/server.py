"""AWS on this machine: moto's services, with a Lambda of our own in front.

moto 5.2.5 has no provisioned concurrency, no states, no revisions, no weights and runs
no images; all of Lambda is therefore ours. The rest is moto's, asked through the same
front so that any request can be lost, refused or throttled.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from botocore.credentials import Credentials
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.fakes.aws import api_door, door
from tests.fakes.aws.allowed import Roles, resource_of
from tests.fakes.aws.api_door import ApiDoor
from tests.fakes.aws.control import Control
from tests.fakes.aws.door import Behind, UrlDoor
from tests.fakes.aws.edges import Edges
from tests.fakes.aws.faults import (
    Call,
    Fault,
    Faults,
    Namer,
    hang_up,
    refusal,
    signed_by,
)
from tests.fakes.aws.gateway import Gateway
from tests.fakes.aws.outside import Outside
from tests.fakes.aws.plane import Plane
from tests.fakes.aws.rest import Answer, RestJson
from tests.fakes.aws.scheduler import Scheduler
from tests.fakes.aws.shelf import ACCOUNT, Shelf
from tests.fakes.aws.signature import Signatures
from tests.fakes.aws.storage import tag_new_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from types import TracebackType

    from mlflow_serverless.local.setup import Setup
    from tests.fakes.aws.engine import Engine
    from tests.fakes.aws.registry import Registry

HOST = "127.0.0.1"
REGION = "us-east-1"
KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
COME_IN = {
    door.PATH: Call("lambda", "InvokeFunctionUrl", "POST"),
    api_door.PATH: Call("execute-api", "Invoke", "POST"),
}
"""What those do who come by a front door."""


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's
        """Say nothing."""


class Aws:
    """
    One account in one region, at `endpoint`.

    Args:
        scratch: Where functions run.
        setup: What they run.
        registry: Holds the images that ECR says it has, if any are pushed.
        engine: Runs them.
    """

    def __init__(
        self, scratch: Path, setup: Setup, registry: Registry | None = None,
        engine: Engine | None = None,
    ) -> None:  # fmt: skip
        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )

        os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "false")
        self._moto = DomainDispatcherApplication(create_backend_app)
        self.shelf, self.outside = Shelf(REGION), Outside(registry=registry)
        self.faults, self._namer = Faults(), Namer()
        self.plane = Plane(self.shelf, scratch, setup, engine)
        self.registry, self._gateway = registry, Gateway(REGION)
        control = Control(self.shelf, self.outside)
        behind = Behind(
            self.shelf, self.plane, Signatures(Credentials(KEY, SECRET), REGION),
            lambda: self.endpoint,
        )  # fmt: skip
        self._door, self.apis = UrlDoor(behind), ApiDoor(behind)
        edges = Edges(self.shelf, self._door.url)
        self._lambda = RestJson("lambda", control, edges, self.plane)
        self.roles = Roles()
        self.scheduler = Scheduler(REGION, self.roles)
        self._schedules = RestJson("scheduler", self.scheduler)
        self.actors: dict[str, str] = {}
        """Roles by the access keys of those who act as them."""
        self.acted: list[Call] = []
        """What these have asked for."""
        self._server = make_server(
            HOST, 0, self._serve, threaded=True, request_handler=_Handler
        )
        self._server.daemon_threads = True
        self.endpoint = f"http://{HOST}:{self._server.server_port}"
        self.plane.beside = self.environ()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def environ(self) -> dict[str, str]:
        """What a client needs to find it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def acting_as(self, role: str) -> dict[str, str]:
        """What finds it as the role *role* (an ARN), and may do no more than that."""
        key = f"ASIA{hashlib.sha256(role.encode()).hexdigest()[:16].upper()}"
        self.actors[key] = role
        return self.environ() | {"AWS_ACCESS_KEY_ID": key}

    def tick(
        self, call: Callable[[str, str], object] | None = None, *, at: float = 0.0
    ) -> int:
        """
        Let every schedule fire that is due; how many did.

        Args:
            call: Called with each target and its input; the functions themselves
                if left out.
            at: When it is [s since the epoch]; now if left out.
        """
        due = [*self.scheduler.due(at or time.time())]
        for target, said in due:
            if call is not None:
                call(target, said)
            else:
                self.plane.invoke(target, said.encode())
        return len(due)

    def __enter__(self) -> Self:
        from moto.moto_api._internal.models import moto_api_backend

        # moto's services are of the process: what another stand-in made is forgotten.
        moto_api_backend.reset()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.apis.close()
        self.plane.close()

    def _serve(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        by = next((p for p in COME_IN if environ["PATH_INFO"].startswith(p)), "")
        call = COME_IN[by] if by else self._namer.call(environ, body)
        self.faults.calls.append(call)
        fault = self.faults.decide(call)
        if fault is Fault.REQUEST_LOST:
            answer = hang_up(environ)
        elif fault in {Fault.DENIED, Fault.THROTTLED, Fault.BROKEN}:
            answer = refusal(fault, call)
        elif not self._may(call, environ, body):
            answer = refusal(Fault.DENIED, call)
        elif by:
            entered = self._door if by == door.PATH else self.apis
            answer = entered.answer(environ, body)
        else:
            answer = self._answer(call.service, call.action, environ, body)
            if fault is Fault.RESPONSE_LOST:
                answer = hang_up(environ)
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        start(f"{answer.status} X", list(headers.items()))
        return [answer.body]

    def _may(self, call: Call, environ: dict[str, Any], body: bytes) -> bool:
        """Whoever acts as a role may do what its policy says; others may do all."""
        role = self.actors.get(signed_by(environ))
        if role is None:
            return True
        self.acted.append(call)
        resource = resource_of(call, environ, body)
        return self.roles.may(role, call.permission, resource)

    def _answer(
        self, service: str, action: str, environ: dict[str, Any], body: bytes
    ) -> Answer:
        if service == "lambda":
            return self._lambda.answer(environ, body)
        if service == "scheduler":
            return self._schedules.answer(environ, body)
        if service == "logs":
            self.plane.quiet()
        if service == "ecr" and self.registry is not None:
            return self.registry.answer(action, body, lambda: self._by_moto(environ))
        if service == "apigatewayv2":
            path = environ["PATH_INFO"]
            missing = self._gateway.answer(action, path, body)
            return self.apis.renamed(missing or self._by_moto(environ))
        answer = self._by_moto(environ)
        if (service, action, answer.status) == ("s3", "CreateBucket", 200):
            tag_new_bucket(environ["PATH_INFO"], body)
        return answer

    def _by_moto(self, environ: dict[str, Any]) -> Answer:
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            said["status"], said["headers"] = (
                int(status.split(maxsplit=1)[0]),
                dict(headers),
            )

        body = b"".join(self._moto(environ, start))
        if environ["REQUEST_METHOD"] != "HEAD":  # which says how long GET's would be
            said["headers"].pop("Content-Length", None)
        return Answer(said["status"], body, said["headers"])


__all__ = ["ACCOUNT", "REGION", "Aws", "Fault"]
