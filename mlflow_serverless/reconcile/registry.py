"""Reading the registry, as far as a policy needs it."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from mlflow_serverless.reconcile.observed import Model, ModelVersion, matches
from mlflow_serverless.reconcile.policy import Rule

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as Found
    from mlflow.entities.model_registry import RegisteredModel


class Registry(Protocol):
    """Where models are registered."""

    def models(self, rules: Iterable[Rule]) -> tuple[Model, ...]:
        """Those that *rules* speak of, as they are now."""
        ...

    def tag(self, uri: str, key: str, value: str) -> None:
        """Set a tag of the model version at *uri*."""
        ...

    def tags(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        """URI and tags of every version of the model *name*."""
        ...

    def names(self) -> tuple[str, ...]:
        """Every registered model."""
        ...


class MlflowRegistry:
    """The registry that MLflow's own variables name."""

    def __init__(self) -> None:
        import mlflow  # noqa: PLC0415 - a second and a half
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

        from mlflow_serverless.resolve import reach  # noqa: PLC0415 - as above

        uri = mlflow.get_registry_uri()
        reach.knock(uri)
        self._reach = reach
        self._store = reach.shown(uri)
        self._client = MlflowClient()

    def models(self, rules: Iterable[Rule]) -> tuple[Model, ...]:
        """
        See `Registry`.

        Raises:
            RegistryUnreachableError: Or RegistryDeniedError, with what it said.
        """
        rules = list(rules)
        with self._reach.explained(self._store):
            found = [
                self._model(model)
                for model in self._registered(rules)
                if any(matches(rule, model.name) for rule in rules)
            ]
        return tuple(sorted(found, key=lambda model: model.name))

    def tag(self, uri: str, key: str, value: str) -> None:
        """See `Registry`."""
        name, _, number = uri.removeprefix("models:/").rpartition("/")
        with self._reach.explained(self._store):
            self._client.set_model_version_tag(name, number, key, value)

    def tags(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        """See `Registry`."""
        with self._reach.explained(self._store):
            for version in self._versions(name):
                yield f"models:/{name}/{version.version}", dict(version.tags)

    def names(self) -> tuple[str, ...]:
        """See `Registry`."""
        with self._reach.explained(self._store):
            return tuple(model.name for model in self._all())

    def _registered(self, rules: list[Rule]) -> "Iterator[RegisteredModel]":
        if not any(rule.is_pattern for rule in rules):
            for name in sorted({rule.model for rule in rules}):
                yield from self._named(name)
        else:
            yield from self._all()

    def _all(self) -> "Iterator[RegisteredModel]":
        token: str | None = None
        while True:
            page = self._client.search_registered_models(page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _named(self, name: str) -> "Iterator[RegisteredModel]":
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

        try:
            yield self._client.get_registered_model(name)
        except MlflowException as cause:
            if not self._reach.is_missing(cause):
                raise

    def _model(self, model: "RegisteredModel") -> Model:
        versions = sorted(
            (_version(v) for v in self._versions(model.name)), key=lambda v: v.number
        )
        aliases = {alias: int(number) for alias, number in model.aliases.items()}
        return Model(name=model.name, versions=tuple(versions), aliases=aliases)

    def _versions(self, name: str) -> "Iterator[Found]":
        quoted = name.replace("'", "''")
        token: str | None = None
        while True:
            page = self._client.search_model_versions(
                f"name = '{quoted}'", page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


def _version(found: "Found") -> ModelVersion:
    _, marked, logged = (found.source or "").partition("models:/m-")
    return ModelVersion(
        number=int(found.version),
        model_id=found.model_id or (f"m-{logged}" if marked else ""),
        stage=found.current_stage or "",
        ready=found.status == "READY",
        tags=dict(found.tags),
    )
