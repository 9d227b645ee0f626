"""AWS as a `Cloud`: each step one or a few calls, safe to repeat; no state of ours."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

from mlflow_serverless.aws.alarms import Alarms
from mlflow_serverless.aws.aliases import Aliases
from mlflow_serverless.aws.around import Around
from mlflow_serverless.aws.errors import explained
from mlflow_serverless.aws.functions import Functions, function_of
from mlflow_serverless.aws.images import Builder, Images
from mlflow_serverless.aws.invoke import call
from mlflow_serverless.aws.logs import Logs
from mlflow_serverless.aws.models import SCHEME, Models
from mlflow_serverless.aws.secrets import Secrets
from mlflow_serverless.aws.session import Access
from mlflow_serverless.aws.survey import survey
from mlflow_serverless.aws.traffic import core
from mlflow_serverless.aws.versions import Versions
from mlflow_serverless.build import Image
from mlflow_serverless.package import Bundle
from mlflow_serverless.plan import (
    Actual,
    ChangeResource,
    ChangeSettings,
    Controller,
    CreateFunction,
    DeleteFunction,
    Desired,
    MakeResource,
    Packing,
    Place,
    PointAlias,
    PublishVersion,
    PutArtifact,
    RemoveAlias,
    RemoveArtifact,
    RemoveResource,
    RemoveVersion,
    ReplaceArtifact,
    Resource,
    Ringing,
    RouteAlias,
    SetTags,
    Step,
    name_of,
    rules,
)
from mlflow_serverless.plan.errors import ArtifactInUseError, VersionInUseError
from mlflow_serverless.preflight import Facts
from mlflow_serverless.world import LogLine, Reply, Tell


class AwsCloud:
    """
    One account, in one region.

    Args:
        access: Whose, and where.
        builder: Makes images of bundles.
        tell: Hears of what takes long.
    """

    def __init__(self, access: Access, builder: Builder, tell: Tell) -> None:
        self._access = access
        self._functions = Functions(access)
        self._versions = Versions(access, self._functions)
        self._aliases = Aliases(access, self._functions, self._versions)
        self._images = Images(access, builder, tell)
        self._models = Models(access)
        self._around = Around(access)
        self._logs = Logs(access)
        self._acts: dict[type[Step], Callable[[Any], None]] = {
            PutArtifact: self._keep,
            RemoveArtifact: self._drop,
            MakeResource: self._make,
            ChangeResource: lambda s: self._around.put(s.name, s.resource),
            RemoveResource: lambda s: self._around.remove(s.name, s.resource),
            CreateFunction: self._create,
            ReplaceArtifact: self._replace,
            ChangeSettings: self._change,
            SetTags: self._tag,
            PublishVersion: self._publish,
            PointAlias: self._aliases.point,
            RouteAlias: self._aliases.route,
            RemoveAlias: lambda s: self._aliases.remove(s.name, s.alias),
            RemoveVersion: self._forget,
            DeleteFunction: lambda s: self._functions.delete(s.name),
        }

    # Control.

    def names(self) -> tuple[str, ...]:
        """See `world.Control`."""
        with explained():
            return tuple(sorted(self._functions.names()))

    def snapshot(self, name: str, *, wanted: tuple[Resource, ...] = ()) -> Actual:
        """See `world.Control`; read back from AWS alone."""
        with explained(), ThreadPoolExecutor(1) as pool:
            around = pool.submit(self._around.look, name, wanted)
            have = self._core(name)
            images = (*self._images.kept(have, self._access.place.registry),)
            have = around.result().onto(have)
            kept = (*images, *self._models.kept(have))
            return replace(have, artifacts=tuple(sorted(kept)))

    def _core(self, name: str) -> Actual:
        return core(name, self._functions, self._versions, self._aliases)

    def ringing(self, name: str) -> tuple[Ringing, ...]:
        """See `world.Alarms`."""
        with explained():
            return Alarms(self._access).ringing(name)

    def perform(self, step: Step) -> None:
        """See `world.Control`."""
        rules.check_function_name(name_of(step))
        with explained():
            self._acts[type(step)](step)

    def _make(self, step: MakeResource) -> None:
        if isinstance(step.resource, Controller):
            self._images.check(step.resource.artifact)
        self._around.make(step.name, step.resource)

    def _create(self, step: CreateFunction) -> None:
        rules.check_settings(step.function.name, step.function.settings)
        rules.check_tags(step.function.name, step.tags)
        self._images.check(step.function.artifact)
        self._functions.create(step)

    def _replace(self, step: ReplaceArtifact) -> None:
        self._images.check(step.artifact)
        self._functions.replace(step)

    def _change(self, step: ChangeSettings) -> None:
        rules.check_settings(step.name, step.settings)
        self._functions.change(step)

    def _tag(self, step: SetTags) -> None:
        rules.check_tags(step.name, step.tags)
        self._functions.tag(step.name, step.tags)

    def _publish(self, step: PublishVersion) -> None:
        rules.check_note(step.name, step.note)
        self._versions.publish(step)

    def _keep(self, step: PutArtifact) -> None:
        put = self._models.put if _is_model(step.artifact) else self._images.put
        put(step.name, step.artifact)

    def _drop(self, step: RemoveArtifact) -> None:
        if self._core(step.name).needs(step.artifact):
            raise ArtifactInUseError(step.name, step.artifact)
        if _is_model(step.artifact):
            self._models.remove(step.artifact)
        else:
            self._images.remove(step.name, step.artifact)

    def _forget(self, step: RemoveVersion) -> None:
        users = tuple(
            alias.name
            for alias in self._aliases.of(step.name)
            if step.version in {alias.version, *dict(alias.weights)}
        )
        if users:
            raise VersionInUseError(step.name, step.version, users)
        self._versions.remove(step)

    # Artifacts.

    def stage(self, bundle: Bundle, packing: Packing) -> str:
        """See `world.Artifacts`."""
        with explained():
            if packing.model_url:
                self._models.stage(bundle, packing.model_url)
            return self._images.stage(bundle, packing)

    def hold(self, image: Image, packing: Packing) -> str:
        """As `stage`, of an image that is built already: a tool's."""
        return self._images.hold(image, packing)

    def secret(self, name: str) -> str | None:
        """What the secret *name* holds; None if there is none."""
        with explained():
            return Secrets(self._access).value(name)

    # Surveyor.

    def place(self) -> Place:
        """See `world.Surveyor`."""
        return self._access.place

    def facts(self, want: Desired) -> Facts:
        """See `world.Surveyor`."""
        with explained():
            image = self._images.facts(want.function.artifact)
            return replace(survey(self._access, want), image=image)

    # Invoker.

    def invoke(self, name: str, payload: bytes, *, qualifier: str = "live") -> Reply:
        """See `world.Invoker`."""
        rules.check_function_name(name)
        with explained():
            return call(self._access, self._functions, name, payload, qualifier)

    # Logbook.

    def logs(self, name: str, *, since: datetime | None = None) -> Iterator[LogLine]:
        """See `world.Logbook`."""
        return _explained(self._logs.lines(name, since=since, group=self._group(name)))

    def metrics(
        self, name: str, *, since: datetime | None = None
    ) -> Iterator[Mapping[str, object]]:
        """See `world.Logbook`."""
        found = self._logs.metrics(name, since=since, group=self._group(name))
        return _explained(found)

    def _group(self, name: str) -> str:
        with explained():
            found = self._functions.look(name)
        return function_of(found).settings.log_group if found else ""


def _is_model(address: str) -> bool:
    return address.startswith(SCHEME)


def _explained(found: Iterator[Any]) -> Iterator[Any]:
    with explained():
        yield from found
