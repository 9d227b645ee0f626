"""Bundle and configuration to what we want deployed; and back from what is there.

The cloud is the only state. A version's note says which model it holds; the function's
settings and tags say the rest.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

from lambda_runtime.version import __version__
from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.plan import (
    Actual,
    Desired,
    Foreign,
    Function,
    Version,
    names,
    plan,
)
from mlflow_serverless.plan.resources import Pairs
from mlflow_serverless.topology import (
    DRIVER,
    Topology,
    options_as_tags,
    topology,
)
from mlflow_serverless.topology.kept import PREFIX as _PREFIX

PREFIX = _PREFIX
"""Of tags that are ours."""
CAUSE = "cause"
"""Our tag that says who or what brought the deployment to what it is."""
REFUSED = "refused"
"""Our tag that names the published versions, by number, from which somebody has taken
the traffic back: a reconcile does not move it there again."""
_CUT = "…"
_NOT_IN_TAGS = re.compile(r"[^\w\s.:/=+\-@]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Which model a version holds, as its note says."""

    model: str = ""
    model_id: str = ""
    flavor: str = ""
    parity: str = ""
    by: str = ""
    """Who published it."""


def desired(  # noqa: PLR0913 - all that is known of a deployment
    name: str,
    artifact: str,
    model: ServableModel,
    parity: str,
    config: DeploymentConfig,
    *,
    around: Topology | None = None,
    by: str = "",
) -> Desired:
    """
    The deployment that is wanted.

    Args:
        name: What it is called.
        artifact: Where the cloud keeps the bundle.
        model: What it serves.
        parity: How the answers compared, in a few words.
        config: How it is to run.
        around: What it means where it is to be; the embedded cloud's if left out.
        by: Who deploys it.
    """
    around = around or topology(name, config, None)
    want = Desired(
        function=Function(name=name, artifact=artifact, settings=around.settings),
        alias=config.alias,
        note=note_of(model, parity, by),
        tags=tags_of(model, config),
        resources=around.resources,
    )
    ours = {names.OWNER: name, names.DIGEST: fingerprint(want)}
    return replace(want, tags=_pairs(dict(want.tags) | ours))


def fingerprint(want: Desired) -> str:
    """One short text for all of *want* but who wrote it: another state, another one."""
    around = [(r.kind, asdict(r)) for r in want.resources]
    whole = [asdict(want.function), want.alias, want.tags, around]
    text = json.dumps(whole, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def note_of(model: ServableModel, parity: str, by: str = "") -> str:
    """Which model a version holds, in as many characters as a description may have."""
    said = {
        "model": model.uri,
        "id": model.model_id or "",
        "flavor": model.flavor,
        "parity": parity,
    } | ({"by": by} if by else {})
    text = _compact(said)
    while len(text) > limits.DESCRIPTION_CHARS:
        longest = max(said, key=lambda key: len(said[key]))
        said[longest] = f"{said[longest][: len(said[longest]) // 2 - 1]}{_CUT}"
        text = _compact(said)
    return text


def origin_of(version: Version) -> Origin:
    """What a version's note says; empty if we did not write it."""
    try:
        said = json.loads(version.note)
        known = (said["model"], said["id"], said["flavor"], said["parity"])
        return Origin(*known, by=said.get("by", ""))
    except (ValueError, KeyError, TypeError):
        return Origin()


def tags_of(model: ServableModel, config: DeploymentConfig) -> Pairs:
    """The user's tags, and ours: model, digest, flavour, our version, options."""
    ours = {
        "model": model.uri,
        "model-id": model.model_id or "",
        "model-digest": model.digest,
        "flavor": model.flavor,
        "version": __version__,
    }
    if config.strategy.driver == DRIVER:
        ours["driver"] = DRIVER
    return _pairs(
        config.tags
        | {f"{PREFIX}{key}": _tag(value) for key, value in ours.items()}
        | options_as_tags(config)
    )


def caused(
    want: Desired, have: Actual, cause: str, *, foreign: Foreign = Foreign.REFUSE
) -> Desired:
    """
    *want* with the tag that says who or what caused it.

    Where all else is so already nothing was caused, and the tag stays as it is.
    """
    kept = _with_cause(want, tag(have, CAUSE))
    return _with_cause(want, cause) if plan(kept, have, foreign=foreign) else kept


def _with_cause(want: Desired, cause: str) -> Desired:
    said = {f"{PREFIX}{CAUSE}": cause} if cause else {}
    return replace(want, tags=_pairs(dict(want.tags) | said))


def tag(have: Actual, key: str) -> str:
    """What our tag *key* says; empty if it is not there."""
    return dict(have.tags).get(f"{PREFIX}{key}", "")


def model_of(have: Actual, alias: str) -> str:
    """URI of the model that *alias* serves; else of the last one that was deployed."""
    pointed = have.alias(alias)
    version = have.version(pointed.version) if pointed else None
    noted = origin_of(version).model if version else ""
    return noted if noted and _CUT not in noted else tag(have, "model")


def _tag(text: str) -> str:
    """*text* as a tag's value may be: the end of it where it is too long."""
    return _NOT_IN_TAGS.sub("_", text)[-limits.TAG_VALUE_CHARS :]


def _compact(value: Mapping[str, str]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _pairs(items: Mapping[str, str]) -> Pairs:
    entries: Iterable[tuple[str, str]] = items.items()
    return tuple(sorted(entries))
