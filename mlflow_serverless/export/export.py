"""What is wanted, as a text that another tool deploys."""

import json
from enum import Enum
from typing import Any, assert_never

import yaml

from mlflow_serverless.plan import Desired, Place


class Format(Enum):
    """Which tool."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    """In its JSON syntax: a `.tf.json` file."""


class Syntax(Enum):
    """How a template is written."""

    JSON = "json"
    YAML = "yaml"
    """CloudFormation's alone."""


def export(want: Desired, place: Place, form: Format, syntax: Syntax) -> str:
    """
    The text that makes *want* at *place*; the same values give the same text.

    Raises:
        ResolvedTextError: CloudFormation would put something else in place of a text.
    """
    match form:
        case Format.CLOUDFORMATION:
            # Both share the AWS room's shapes, and that room brings boto3.
            from mlflow_serverless.export.cloudformation import (  # noqa: PLC0415
                cloudformation,
            )

            found = cloudformation(want, place)
            return _yaml(found) if syntax is Syntax.YAML else _json(found)
        case Format.TERRAFORM:
            from mlflow_serverless.export.terraform import terraform  # noqa: PLC0415 - as above

            return _json(terraform(want, place))
        case _:  # pragma: no cover - mypy proves it
            assert_never(form)


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _yaml(found: dict[str, Any]) -> str:
    # Through JSON, so that nothing is there twice and written as a reference.
    plain = json.loads(json.dumps(found))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=88)
