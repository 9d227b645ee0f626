"""A deployment as a Terraform configuration, in Terraform's JSON syntax.

Arguments of functions and APIs are the parameters of the calls that `apply` makes, from
where those are made, in Terraform's spelling.
"""

from collections.abc import Iterable
from typing import Any

from mlflow_serverless.aws.configuration import MARK, creation
from mlflow_serverless.export.labels import labels, snake
from mlflow_serverless.export.storage import Storage, is_shared, stored
from mlflow_serverless.export.tf_api import http_api
from mlflow_serverless.export.tf_around import around
from mlflow_serverless.export.tf_parts import (
    MAKE_SHARED,
    Block,
    Link,
    escaped,
    link,
    snaked,
)
from mlflow_serverless.plan import (
    Desired,
    FunctionUrl,
    HttpApi,
    LogGroup,
    Place,
    Repository,
    Role,
    ToolPart,
    key_of,
)
from mlflow_serverless.plan.control import Control

FUNCTION = "aws_lambda_function.function"
ALIAS = "aws_lambda_alias.alias"
PROVIDER = "~> 6.28"
"""Of hashicorp/aws: 6.28.0 is the first with `invoked_via_function_url`, without which
a function URL answers 403."""


def terraform(want: Desired, place: Place) -> dict[str, Any]:
    """The configuration that makes *want* at *place*."""
    blocks = [*_surroundings(want, place), *_function(want)]
    found: dict[str, Any] = {
        "//": f"{want.function.name}: a model served by AWS Lambda (mlflow-serverless)",
        "terraform": {
            "required_version": ">= 1.5",
            "required_providers": {
                "aws": {"source": "hashicorp/aws", "version": PROVIDER}
            },
        },
        "provider": {
            "aws": {"region": place.region, "allowed_account_ids": [place.account]}
        },
        **_variables(want),
        "resource": _grouped(blocks),
        "output": _outputs(want),
    }
    return found


def _variables(want: Desired) -> dict[str, Any]:
    if not any(is_shared(resource) for resource in stored(want)):
        return {}
    said = {
        "type": "bool", "default": False,
        "description": "Whether this makes what several deployments share.",
    }  # fmt: skip
    return {"variable": {MAKE_SHARED: said}}


def _grouped(blocks: Iterable[Block]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for block in blocks:
        found.setdefault(block.type, {})[block.label] = block.plain()
    return found


def _surroundings(want: Desired, place: Place) -> Iterable[Block]:
    names = labels(want)
    for resource in want.resources:
        label = snake(names[key_of(resource)])
        if isinstance(resource, HttpApi):
            yield from http_api(label, resource, place, ALIAS)
        elif not isinstance(resource, ToolPart | Control):
            yield from around(label, resource, ALIAS)


def _function(want: Desired) -> Iterable[Block]:
    yield Block(
        "aws_lambda_function", "function", _made(want), needs=tuple(_before(want))
    )
    alias = {
        "name": want.alias,
        "function_name": link(FUNCTION, "function_name"),
        "function_version": link(FUNCTION, "version"),
    }
    yield Block("aws_lambda_alias", "alias", alias)


def _before(want: Desired) -> Iterable[str]:
    """Addresses of all that the function needs."""
    names = labels(want)
    for resource in want.resources:
        if isinstance(resource, LogGroup | Role | Storage):
            label = snake(names[key_of(resource)])
            yield from (block.address for block in around(label, resource, ALIAS))


def _made(want: Desired) -> dict[str, Any]:
    """Terraform has no versions of their own: they bear the function's description."""
    function = want.function
    said = creation(function.name, function.settings)
    if not function.settings.snap_start:
        del said["SnapStart"]
    return {
        "function_name": function.name,
        "description": MARK,
        "package_type": "Image",
        "image_uri": function.artifact,
        **snaked(said),
        "reserved_concurrent_executions": function.settings.concurrency,
        "publish": True,
        "tags": dict(want.tags) or None,
    }


def _outputs(want: Desired) -> dict[str, Any]:
    names = labels(want)
    found: dict[str, tuple[str, Link]] = {
        "alias_arn": ("The alias to call.", link(ALIAS, "arn"))
    }
    for resource in want.resources:
        label = snake(names[key_of(resource)])
        match resource:
            case FunctionUrl():
                value = link(f"aws_lambda_function_url.{label}", "function_url")
                found["url"] = ("Its own address.", value)
            case HttpApi():
                value = link(f"aws_apigatewayv2_api.{label}", "api_endpoint")
                found["api_url"] = ("Address of the HTTP API.", value)
                if resource.domain is not None:
                    where = "domain_name_configuration[0].target_domain_name"
                    value = link(f"aws_apigatewayv2_domain_name.{label}", where)
                    said = f"What {resource.domain.name} is to be an alias of, in DNS."
                    found["domain_target"] = (said, value)
            case Repository() if not is_shared(resource):
                value = link(f"aws_ecr_repository.{label}", "repository_url")
                found["repository"] = ("Where images are kept.", value)
            case _:
                pass
    return {
        name: escaped({"description": said, "value": value})
        for name, (said, value) in found.items()
    }
