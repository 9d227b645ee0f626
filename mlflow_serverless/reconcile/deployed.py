"""What is deployed, as far as intents need to know; pure."""

from dataclasses import dataclass, field

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.desired import config_of, model_of, origin_of
from mlflow_serverless.plan import Actual


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published version, and the registered version that it holds."""

    number: str
    model: str
    model_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One deployment at one look."""

    exists: bool = False
    model: str = ""
    """URI of what gets (most of) the traffic; empty if nothing does."""
    model_id: str = ""
    version: str = ""
    """Its published version's number."""
    share: float = 0.0
    """Of the traffic that goes to another version [0..1]: a rollout is under way."""
    other: str = ""
    """URI of what that other version holds."""
    revision: str = ""
    """Of the alias; empty if there is none."""
    versions: tuple[Published, ...] = ()
    """Oldest first."""
    config: DeploymentConfig = field(default_factory=DeploymentConfig)

    def holding(self, model: str, model_id: str) -> Published | None:
        """The newest version that holds exactly this model, if there is one."""
        for version in reversed(self.versions):
            same_id = (
                not (model_id and version.model_id) or model_id == version.model_id
            )
            if version.model == model and same_id:
                return version
        return None


def deployed_of(have: Actual, alias: str) -> Deployed:
    """What *have* serves through *alias*."""
    versions = tuple(
        Published(
            number=v.number, model=origin_of(v).model, model_id=origin_of(v).model_id
        )
        for v in have.versions
    )
    known = {version.number: version for version in versions}
    pointed = have.alias(alias)
    if have.function is None or pointed is None:
        return Deployed(exists=have.function is not None, versions=versions)
    weights = [(number, share) for number, share in pointed.weights if share > 0]
    number, share = weights[0] if weights else ("", 0.0)
    serving = known.get(pointed.version)
    return Deployed(
        exists=True,
        model=model_of(have, alias),
        model_id=serving.model_id if serving else "",
        version=pointed.version,
        share=share,
        other=known[number].model if number in known else "",
        revision=pointed.revision,
        versions=versions,
        config=config_of(have),
    )
