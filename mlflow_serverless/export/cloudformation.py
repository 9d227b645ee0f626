"""A deployment as a CloudFormation template.

Every name is final text, as in a plan, so the template is for one account and region.
Properties of functions and APIs are the parameters of the calls that `apply` makes,
from where those are made: CloudFormation calls them the same.
"""

from collections.abc import Mapping
from typing import Any

from mlflow_serverless.aws.configuration import MARK, creation
from mlflow_serverless.export.cfn_api import http_api
from mlflow_serverless.export.cfn_around import around
from mlflow_serverless.export.cfn_parts import (
    ALIAS,
    FUNCTION,
    MAKES_SHARED,
    SERVES,
    SHARED_STORAGE,
    STEP,
    Part,
    get,
    listed,
    ref,
)
from mlflow_serverless.export.errors import ResolvedTextError
from mlflow_serverless.export.labels import camel, labels
from mlflow_serverless.export.storage import is_shared, stored
from mlflow_serverless.plan import (
    Desired,
    FunctionUrl,
    HttpApi,
    Place,
    ProvisionedConcurrency,
    Repository,
    ToolPart,
    content_of,
    key_of,
)
from mlflow_serverless.plan.control import Control
from mlflow_serverless.plan.resources import BEFORE

_RESOLVES = "{{resolve:"


def cloudformation(want: Desired, place: Place) -> dict[str, Any]:
    """
    The template that makes *want* at *place*.

    Raises:
        ResolvedTextError: A text would be replaced when the template is used.
    """
    _check(want)
    parts = {**_surroundings(want, place), **_function(want)}
    name = want.function.name
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{name}: a model served by AWS Lambda (mlflow-serverless)",
        "Metadata": {"mlflow-serverless": _origin(want, place)},
        **_choices(want),
        "Resources": {label: part.plain() for label, part in parts.items()},
        "Outputs": _outputs(want),
    }


def _check(want: Desired) -> None:
    texts = (*want.function.settings.environment, *want.tags)
    for key, value in texts:
        if _RESOLVES in value:
            raise ResolvedTextError(key)


def _origin(want: Desired, place: Place) -> dict[str, str]:
    return {
        "Deployment": want.function.name,
        "Image": want.function.artifact,
        "Account": place.account,
        "Region": place.region,
    }


def _choices(want: Desired) -> dict[str, Any]:
    """Parameters and conditions, where there is anything to fill first."""
    kept = stored(want)
    if not kept:
        return {}
    parameters = {STEP: _choice(
        "storage makes only where images and models are kept; fill it, then say all",
        "all", "storage",
    )}  # fmt: skip
    conditions = {SERVES: {"Fn::Equals": [ref(STEP), "all"]}}
    if any(is_shared(resource) for resource in kept):
        parameters[SHARED_STORAGE] = _choice(
            "make what several deployments share in this stack, or find it there",
            "there", "make",
        )  # fmt: skip
        conditions[MAKES_SHARED] = {"Fn::Equals": [ref(SHARED_STORAGE), "make"]}
    return {"Parameters": parameters, "Conditions": conditions}


def _choice(said: str, default: str, other: str) -> dict[str, Any]:
    return {
        "Type": "String", "Default": default, "AllowedValues": [default, other],
        "Description": said,
    }  # fmt: skip


def _surroundings(want: Desired, place: Place) -> dict[str, Part]:
    found: dict[str, Part] = {}
    names, serves = labels(want), _serves(want)
    for resource in want.resources:
        label = camel(names[key_of(resource)])
        if isinstance(resource, HttpApi):
            found |= http_api(label, resource, place, serves)
        elif not isinstance(resource, ProvisionedConcurrency | ToolPart | Control):
            # Provisioned concurrency is a property of the alias.
            found |= around(label, resource, serves)
    return found


def _serves(want: Desired) -> str:
    return SERVES if stored(want) else ""


def _function(want: Desired) -> dict[str, Part]:
    """The function, the version of it that is wanted, and the alias on that."""
    names = labels(want)
    needs = tuple(
        camel(names[key_of(resource)])
        for resource in want.resources
        if isinstance(resource, BEFORE) and not is_shared(resource)
    )
    condition, version = _serves(want), f"Version{content_of(want.function)}"
    return {
        FUNCTION: Part(
            "AWS::Lambda::Function", _made(want), condition=condition, needs=needs
        ),
        version: Part(
            "AWS::Lambda::Version",
            {"FunctionName": ref(FUNCTION), "Description": want.note or None},
            condition=condition,
            kept=True,  # older versions stay, to be rolled back to
        ),
        ALIAS: Part("AWS::Lambda::Alias", _alias(want, version), condition=condition),
    }


def _made(want: Desired) -> dict[str, Any]:
    function = want.function
    said = creation(function.name, function.settings)
    return {
        "FunctionName": function.name,
        "Description": MARK,
        "PackageType": "Image",
        "Code": {"ImageUri": function.artifact},
        **{_PROPERTIES.get(key, key): value for key, value in said.items()},
        "ReservedConcurrentExecutions": function.settings.concurrency,
        "Tags": listed(want.tags),
    }


_PROPERTIES = {"KMSKeyArn": "KmsKeyArn"}
"""Where CloudFormation writes a parameter's name otherwise."""


def _alias(want: Desired, version: str) -> dict[str, Any]:
    kept = next(
        (r.count for r in want.resources if isinstance(r, ProvisionedConcurrency)), None
    )
    return {
        "FunctionName": ref(FUNCTION),
        "Name": want.alias,
        "FunctionVersion": get(version, "Version"),
        "ProvisionedConcurrencyConfig": kept
        and {"ProvisionedConcurrentExecutions": kept},
    }


def _outputs(want: Desired) -> Mapping[str, Any]:
    names, serves = labels(want), _serves(want)
    found: dict[str, tuple[str, Mapping[str, Any], str]] = {
        "AliasArn": ("The alias to call", ref(ALIAS), serves)
    }
    for resource in want.resources:
        label = camel(names[key_of(resource)])
        match resource:
            case FunctionUrl():
                url = get(label, "FunctionUrl")
                found["Url"] = ("Its own address", url, serves)
            case HttpApi():
                url = get(label, "ApiEndpoint")
                found["ApiUrl"] = ("Address of the HTTP API", url, serves)
                if resource.domain is not None:
                    host = get(f"{label}Domain", "RegionalDomainName")
                    said = f"What {resource.domain.name} is to be an alias of, in DNS"
                    found["DomainTarget"] = (said, host, serves)
            case Repository() if not is_shared(resource):
                address = get(label, "RepositoryUri")
                found["Repository"] = ("Where images are kept", address, "")
            case _:
                pass
    return {
        key: {"Description": said, "Value": value}
        | ({"Condition": condition} if condition else {})
        for key, (said, value, condition) in found.items()
    }
