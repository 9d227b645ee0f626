"""What a registry's refusals mean."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import requests

from mlflow_serverless.build.registry.errors import (
    ImageMissingError,
    RegistryDeniedError,
    RegistryRefusedError,
    RepositoryMissingError,
)


def check(answer: requests.Response, host: str, repository: str, what: str) -> None:
    """
    Raise unless *answer* is a yes.

    Args:
        answer: Of the registry.
        host: Its name.
        repository: What was asked about.
        what: The same, for people.

    Raises:
        RegistryDeniedError: 401 or 403.
        RepositoryMissingError: The registry does not know the repository.
        ImageMissingError: 404 for anything else.
        RegistryRefusedError: All other refusals.
    """
    if answer.ok:
        return
    code, why = problem(answer)
    status = answer.status_code
    if status in {401, 403}:
        raise RegistryDeniedError(host, what, why)
    if code == "NAME_UNKNOWN":
        raise RepositoryMissingError(host, repository)
    if status == HTTPStatus.NOT_FOUND:
        raise ImageMissingError(host, repository, what)
    raise RegistryRefusedError(host, what, status, why or code)


def problem(answer: requests.Response) -> tuple[str, str]:
    """Code and message of a registry's error; empty if it does not say."""
    try:
        errors: Iterable[Mapping[str, Any]] = answer.json()["errors"]
        first = next(iter(errors))
        detail = first.get("detail")
        text = str(first.get("message", "")) + (f" ({detail})" if detail else "")
        return str(first.get("code", "")), text
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError):
        return "", answer.text[:300] if answer.content else str(answer.reason)


def is_immutable(answer: requests.Response) -> bool:
    """
    Whether a tag may not move.

    ECR says TAG_INVALID, others DENIED or MANIFEST_INVALID, all with that word, or 409.
    """
    code, why = problem(answer)
    text = f"{code} {why}".lower()
    return "immutable" in text or answer.status_code == HTTPStatus.CONFLICT
