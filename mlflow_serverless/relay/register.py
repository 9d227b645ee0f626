"""The registry's side of the relay: its webhook."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_serverless.relay.errors import WebhookRefusedError, WebhookSilentError

if TYPE_CHECKING:
    from mlflow.entities.webhook import Webhook

NAME = "mlflow-serverless"
"""What our webhook is called unless it is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A webhook in the registry."""

    id: str
    name: str
    url: str
    events: tuple[str, ...]
    fresh: bool
    """Whether it was made now; else it was there and is as it should be now."""
    tested: int | None = None
    """The relay's status when the registry called it; None if it was not tried."""


class Webhooks:
    """The webhooks of the store that MLflow's own variables name."""

    def __init__(self) -> None:
        import mlflow  # noqa: PLC0415 - a second and a half
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

        from mlflow_serverless.resolve import reach  # noqa: PLC0415 - as above

        uri = mlflow.get_registry_uri()
        reach.knock(uri)
        self._explained = reach.explained
        self._store = reach.shown(uri)
        # Its types name each event that there is now; ours are the policy's.
        self._client: Any = MlflowClient()

    def register(
        self, url: str, events: Sequence[str], secret: str, *, name: str = NAME
    ) -> Registered:
        """
        Make the webhook, or make it what it should be; exactly one is left.

        Raises:
            WebhookRefusedError: The registry takes no such URL, or no webhooks.
            RegistryUnreachableError: Or RegistryDeniedError, with what it said.
        """
        wanted = {
            "url": url, "events": list(events), "secret": secret, "status": "ACTIVE",
            "description": "Tells mlflow-serverless what changes; see relay register.",
        }  # fmt: skip
        found = self._named(name)
        with self._explained(self._store), _refusable(url):
            if found:
                made = self._client.update_webhook(found[0].webhook_id, **wanted)
            else:
                made = self._client.create_webhook(name=name, **wanted)
            for other in found[1:]:
                self._client.delete_webhook(other.webhook_id)
        return Registered(
            id=made.webhook_id, name=name, url=url, events=tuple(events),
            fresh=not found,
        )  # fmt: skip

    def test(self, webhook: Registered) -> int:
        """
        Have the registry's server call the relay with its example.

        Raises:
            WebhookSilentError: It got no answer, or a refusal.
        """
        with self._explained(self._store):
            found = self._client.test_webhook(webhook.id, webhook.events[0])
        if not found.success:
            body = f"{found.response_status} {found.response_body}"
            why = found.error_message or body
            raise WebhookSilentError(webhook.url, str(why)[:300])
        return int(found.response_status or 0)

    def remove(self, *, name: str = NAME) -> int:
        """Take every webhook of ours away; how many there were."""
        found = self._named(name)
        with self._explained(self._store):
            for each in found:
                self._client.delete_webhook(each.webhook_id)
        return len(found)

    def _named(self, name: str) -> "list[Webhook]":
        found: list[Webhook] = []
        token: str | None = None
        with self._explained(self._store):
            while True:
                page = self._client.list_webhooks(page_token=token)
                found += [each for each in page if each.name == name]
                token = page.token
                if not token:
                    return found


@contextmanager
def _refusable(url: str) -> Iterator[None]:
    """Tell what the registry thinks of *url* from its other failures."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - a second and a half

    try:
        yield
    except MlflowException as cause:
        if cause.error_code == "INVALID_PARAMETER_VALUE":
            raise WebhookRefusedError(url, str(cause.message)) from cause
        raise
