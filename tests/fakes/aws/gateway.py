"""Calls of API Gateway that moto lacks, on moto's own books."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.backends import get_backend

from tests.fakes.aws.rest import Answer
from tests.fakes.aws.shelf import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable


class Gateway:
    """
    What is missing.

    Args:
        region: Where.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._answers: dict[str, Callable[[list[str], dict[str, Any]], Any]] = {
            "GetAuthorizers": self._authorizers,
            "UpdateStage": self._update_stage,
            "DeleteAccessLogSettings": self._stop_logging,
            "UpdateDomainName": self._update_domain,
        }

    def answer(self, action: str, path: str, body: bytes) -> Answer | None:
        """The answer; None if moto has one."""
        found = self._answers.get(action)
        if found is None:
            return None
        said = found(path.strip("/").split("/")[1:], json.loads(body or b"{}"))
        headers = {"Content-Type": "application/json"}
        return Answer(200, json.dumps(said).encode(), headers)

    @property
    def _backend(self) -> Any:
        return get_backend("apigatewayv2")[ACCOUNT][self._region]

    def _authorizers(self, path: list[str], _: dict[str, Any]) -> Any:
        authorizers = self._backend.apis[path[1]].authorizers.values()
        return {"items": [authorizer.to_json() for authorizer in authorizers]}

    def _update_stage(self, path: list[str], body: dict[str, Any]) -> Any:
        stage = self._backend.apis[path[1]].stages[path[3]]
        if "defaultRouteSettings" in body:
            stage.default_route_settings = body["defaultRouteSettings"]
        if "accessLogSettings" in body:
            stage.access_log_settings = body["accessLogSettings"]
        return stage.to_json()

    def _stop_logging(self, path: list[str], _: dict[str, Any]) -> Any:
        self._backend.apis[path[1]].stages[path[3]].access_log_settings = None
        return {}

    def _update_domain(self, path: list[str], body: dict[str, Any]) -> Any:
        domain = self._backend.domain_names[path[1]]
        domain.domain_name_configurations = body["domainNameConfigurations"]
        return domain.to_json()
