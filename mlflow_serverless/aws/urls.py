"""Function URLs: an HTTPS address of an alias."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from mlflow_serverless.aws.errors import code_of
from mlflow_serverless.aws.functions import CONFLICT
from mlflow_serverless.aws.keeper import Found, all_of, unless_missing
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Cors, FunctionUrl, Resource


class Urls:
    """
    Function URLs.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - they have no names of their own
        """See `keeper.Keeper`; whoever has the function has its URLs."""
        for config in all_of(
            self._client, "list_function_url_configs", "FunctionUrlConfigs",
            FunctionName=name,
        ):  # fmt: skip
            qualifier = config["FunctionArn"].split(":")[7:]
            if qualifier:
                url = FunctionUrl(
                    qualifier=qualifier[0], auth=config["AuthType"],
                    cors=_cors(config.get("Cors")),
                )  # fmt: skip
                yield Found(url, name, (("url", config["FunctionUrl"]),))

    def put(self, name: str, resource: FunctionUrl) -> None:
        """See `keeper.Keeper`."""
        wanted: dict[str, Any] = {
            "FunctionName": name, "Qualifier": resource.qualifier,
            "AuthType": resource.auth, "InvokeMode": "BUFFERED",
            "Cors": _said(resource.cors),
        }  # fmt: skip
        try:
            self._client.create_function_url_config(**wanted)
        except ClientError as error:
            if code_of(error) != CONFLICT:
                raise
            self._client.update_function_url_config(**wanted)

    def remove(self, name: str, resource: FunctionUrl) -> None:
        """See `keeper.Keeper`."""
        unless_missing(
            self._client.delete_function_url_config,
            FunctionName=name, Qualifier=resource.qualifier,
        )  # fmt: skip


def _said(cors: Cors | None) -> dict[str, Any]:
    if cors is None:
        return {}
    return {
        "AllowOrigins": list(cors.origins), "AllowMethods": list(cors.methods),
        "AllowHeaders": list(cors.headers), "MaxAge": cors.max_age_s,
        "AllowCredentials": cors.credentials,
    }  # fmt: skip


def _cors(said: dict[str, Any] | None) -> Cors | None:
    if not said or not said.get("AllowOrigins"):
        return None
    return Cors(
        origins=tuple(said["AllowOrigins"]),
        methods=tuple(said.get("AllowMethods", ())),
        headers=tuple(said.get("AllowHeaders", ())),
        max_age_s=said.get("MaxAge", 0),
        credentials=said.get("AllowCredentials", False),
    )
