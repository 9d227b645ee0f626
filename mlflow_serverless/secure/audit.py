"""
What would be deployed, held against what we refuse to deploy.

Each refusal has a code, and is let through only where the user allows it by that name
(`allow=public-url`); for one thing of several, with its name
(`allow=secret-in-environment:API_KEY`).
"""

from collections.abc import Collection, Iterator
from dataclasses import replace

from mlflow_serverless.plan import (
    Cors,
    Desired,
    Finding,
    FunctionUrl,
    HttpApi,
    LogGroup,
    ModelBucket,
    Permission,
    Repository,
    Resource,
    Role,
    Weight,
)
from mlflow_serverless.plan.resources import described
from mlflow_serverless.secure.document import statements
from mlflow_serverless.secure.policy import UNBOUND_ACTIONS
from mlflow_serverless.secure.secret import looks_secret


def audit(want: Desired, allow: Collection[str] = ()) -> tuple[Finding, ...]:
    """
    What is dangerous about *want*; what is allowed is still said.

    Args:
        want: All of it.
        allow: Codes, or `code:NAME`.
    """
    found = [*_variables(want)]
    for resource in want.resources:
        found += [(described(resource), f) for f in _resource(resource)]
    return tuple(_weighed(name, finding, allow) for name, finding in found)


_Named = tuple[str, Finding]


def _weighed(name: str, finding: Finding, allow: Collection[str]) -> Finding:
    if {finding.code, f"{finding.code}:{name}"} & set(allow):
        return replace(finding, weight=Weight.ALLOWED, fix="")
    return finding


def _refused(code: str, what: str, fix: str, *, of: str = "") -> Finding:
    name = f"{code}:{of}" if of else code
    fix = f"{fix}, or allow it: -C allow={name}"
    return Finding(code=code, weight=Weight.REFUSED, what=what, fix=fix)


def _variables(want: Desired) -> Iterator[_Named]:
    for key, value in want.function.settings.environment:
        if why := looks_secret(key, value):
            what = f"the variable {key} seems to hold a secret in plain text ({why})"
            fix = f"keep it in Secrets Manager and give its ARN as environment.{key}"
            yield key, _refused("secret-in-environment", what, fix, of=key)


def _resource(resource: Resource) -> Iterator[Finding]:
    match resource:
        case FunctionUrl() | HttpApi():
            yield from _front_door(resource)
        case Permission():
            yield from _permission(resource)
        case Role():
            yield from _wildcards(resource.policy, described(resource))
        case Repository():
            yield from _repository(resource)
        case ModelBucket() if "aws:SecureTransport" not in resource.policy:
            what = f"{described(resource)} can be read without TLS"
            yield _refused(
                "plaintext-store", what, "give it a policy that refuses that"
            )
        case LogGroup(retention_days=None):
            what = f"{described(resource)} keeps its lines for ever"
            fix = "set log_retention_days"
            yield Finding(code="endless-log", weight=Weight.WARNING, what=what, fix=fix)
        case _:
            pass


def _front_door(door: FunctionUrl | HttpApi) -> Iterator[Finding]:
    if door.auth == "NONE":
        key = "url" if isinstance(door, FunctionUrl) else "api"
        what = f"everybody can call the {described(door)}"
        yield _refused(f"public-{key}", what, f"set {key}.auth=iam")
    if door.cors is not None and _open(door.cors):
        what = f"pages of every origin can call the {described(door)}"
        yield _refused("open-cors", what, "name the origins")


def _open(cors: Cors) -> bool:
    return "*" in cors.origins


def _permission(permission: Permission) -> Iterator[Finding]:
    """One for everybody is the URL's own finding, unless it is not for a URL."""
    through_url = permission.url_auth or permission.via_url
    if permission.principal == "*" and not through_url:
        what = f"everybody may do {permission.action} ({described(permission)})"
        yield _refused("public-permission", what, "name a principal")


def _repository(repository: Repository) -> Iterator[Finding]:
    if not repository.immutable:
        what = f"tags of the {described(repository)} can be moved to another image"
        yield _refused("mutable-tags", what, "make them immutable")
    if not repository.scan_on_push:
        what = f"images in the {described(repository)} are not scanned"
        yield _refused("unscanned-images", what, "scan on push")
    for said in statements(repository.policy):
        if said["Effect"] == "Allow" and said.get("Principal") in ("*", {"AWS": ["*"]}):
            what = f"everybody may pull from the {described(repository)}"
            yield _refused("public-images", what, "name who may")


def _wildcards(policy: str, whose: str) -> Iterator[Finding]:
    for said in statements(policy):
        if said["Effect"] != "Allow":
            continue
        actions, resources = said.get("Action", []), said.get("Resource", [])
        for action in (a for a in actions if "*" in a):
            what = f"{whose} may do {action}"
            yield _refused("wildcard-action", what, "name the actions")
        bound = [a for a in actions if a not in UNBOUND_ACTIONS]
        if "NotAction" in said or "NotResource" in said:
            what = f"{whose} may do all but what {said.get('Sid', 'a statement')} names"
            yield _refused("wildcard-action", what, "name the actions")
        if bound and any(_unbound(resource) for resource in resources):
            what = f"{whose} may do {', '.join(bound)} with anything"
            yield _refused("wildcard-resource", what, "name the resources")


def _unbound(resource: str) -> bool:
    """Whether an ARN leaves open whose or which resource it means."""
    if resource == "*":
        return True
    _, _, _, region, account, rest = (*resource.split(":", 5), *[""] * 6)[:6]
    return "*" in f"{region}{account}" or rest.startswith("*")
