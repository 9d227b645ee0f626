"""Who or what caused a change, as one value and as one tag's text."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from mlflow_serverless import limits

_NOT_IN_TAGS = re.compile(r"[^\w.:/=+\-@]")
_PAIR = re.compile(r"(\w+)=(\S*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What is known; empty where nothing is."""

    actor: str = ""
    """A person's login, or what ran by itself (`schedule`)."""
    run: str = ""
    """URL of the run that did it."""
    commit: str = ""
    event: str = ""
    """Id of the delivery that woke us."""
    approved_by: str = ""

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def text(self) -> str:
        """
        As a tag may hold it: `actor=ann run=https://… commit=…`, <= 256 characters.

        The shortest are said first, so that what is cut is what can be found again.
        """
        said = [
            f"{key}={_NOT_IN_TAGS.sub('_', value)}"
            for key, value in sorted(asdict(self).items(), key=lambda kv: len(kv[1]))
            if value
        ]
        return " ".join(said)[: limits.TAG_VALUE_CHARS].rstrip()


def read_cause(text: str) -> Cause:
    """What `Cause.text` wrote; nothing where it did not."""
    known = {field.name for field in fields(Cause)}
    return Cause(**{k: v for k, v in _PAIR.findall(text) if k in known})


def cause_of(environ: Mapping[str, str]) -> Cause:
    """Who runs this, as GitHub Actions, GitLab CI or the shell says."""
    return Cause(
        actor=_first(environ, "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"),
        commit=_first(environ, "GITHUB_SHA", "CI_COMMIT_SHA"),
        run=_github_run(environ) or environ.get("CI_JOB_URL", ""),
    )


def _first(environ: Mapping[str, str], *names: str) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")


def _github_run(environ: Mapping[str, str]) -> str:
    repository, run = environ.get("GITHUB_REPOSITORY"), environ.get("GITHUB_RUN_ID")
    if not (repository and run):
        return ""
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    return f"{server}/{repository}/actions/runs/{run}"
