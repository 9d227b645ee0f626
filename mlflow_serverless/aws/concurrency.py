"""Provisioned concurrency: environments that are kept started."""

import time
from collections.abc import Iterator
from typing import Any

from mlflow_serverless.aws.errors import FunctionFailedError, SlowError
from mlflow_serverless.aws.keeper import Found, all_of, unless_missing
from mlflow_serverless.aws.retry import settled
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import ProvisionedConcurrency, Resource

_NONE = "ProvisionedConcurrencyConfigNotFoundException"


class Provisioned:
    """
    Provisioned concurrency of aliases and versions.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("lambda")

    def look(self, name: str, wanted: tuple[Resource, ...]) -> Iterator[Found]:  # noqa: ARG002 - they have no names of their own
        """See `keeper.Keeper`; whoever has the function has these."""
        for config in all_of(
            self._client, "list_provisioned_concurrency_configs",
            "ProvisionedConcurrencyConfigs", FunctionName=name,
        ):  # fmt: skip
            found = ProvisionedConcurrency(
                qualifier=config["FunctionArn"].split(":")[7],
                count=config["RequestedProvisionedConcurrentExecutions"],
            )
            yield Found(found, name)

    def put(self, name: str, resource: ProvisionedConcurrency) -> None:
        """
        See `keeper.Keeper`; all environments are started when this returns.

        Where as many are asked for already they are only waited for: asking again
        would begin anew.

        Raises:
            FunctionFailedError: They do not start.
            SlowError: They are not started in time.
        """
        if not self._asked_for(name, resource):
            settled(
                self._client.put_provisioned_concurrency_config, self._access.pace,
                FunctionName=name, Qualifier=resource.qualifier,
                ProvisionedConcurrentExecutions=resource.count,
            )  # fmt: skip
        self._await_ready(name, resource.qualifier)

    def _asked_for(self, name: str, resource: ProvisionedConcurrency) -> bool:
        found = unless_missing(
            self._client.get_provisioned_concurrency_config, _NONE,
            FunctionName=name, Qualifier=resource.qualifier,
        )  # fmt: skip
        if found is None:
            return False
        count: int = found["RequestedProvisionedConcurrentExecutions"]
        return count == resource.count and str(found["Status"]) != "FAILED"

    def _await_ready(self, name: str, qualifier: str) -> None:
        pace, began = self._access.pace, time.monotonic()
        what = f"provisioned concurrency of {name}:{qualifier}"
        while time.monotonic() - began <= pace.wait_s:
            found = self._client.get_provisioned_concurrency_config(
                FunctionName=name, Qualifier=qualifier
            )
            if found["Status"] == "READY":
                return
            if found["Status"] == "FAILED":
                why = found.get("StatusReason", "it does not say why")
                raise FunctionFailedError(what, "ProvisionedConcurrencyFailed", why)
            time.sleep(pace.poll_s)
        raise SlowError(what, pace.wait_s)

    def remove(self, name: str, resource: ProvisionedConcurrency) -> None:
        """See `keeper.Keeper`."""
        unless_missing(
            self._client.delete_provisioned_concurrency_config, _NONE,
            FunctionName=name, Qualifier=resource.qualifier,
        )  # fmt: skip
