"""Lambda's control plane: functions, versions and aliases."""

# ruff: noqa: N803 - parameters have AWS's own names

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.fakes.aws.rest import AwsError
from tests.fakes.aws.shapes import changes, compared, page, touch
from tests.fakes.aws.shelf import (
    LATEST,
    Frozen,
    Made,
    Shelf,
    check_revision,
    conflict,
    invalid,
    not_found,
    now,
    split,
)

if TYPE_CHECKING:
    from tests.fakes.aws.outside import Outside


class Control:
    """
    Operations on functions, versions and aliases.

    Args:
        shelf: Where they are kept.
        outside: Roles, keys and images that functions refer to.
    """

    def __init__(self, shelf: Shelf, outside: Outside) -> None:
        self._shelf, self._outside = shelf, outside

    # Functions.

    def create_function(self, **given: Any) -> dict[str, Any]:
        name = split(given.pop("FunctionName"))[0]
        if len(name) > 64:
            raise invalid(f"{name} is longer than 64 characters")
        if name in self._shelf.functions:
            raise conflict(f"Function already exist: {name}")
        code, tags = given.pop("Code"), given.pop("Tags", {})
        publish = given.pop("Publish", False)
        if given.get("PackageType") != "Image" or "ImageUri" not in code:
            raise invalid("only PackageType=Image is held here")
        self._outside.check_role(given["Role"])
        self._outside.check_key(given.get("KMSKeyArn"))
        digest = self._outside.image(code["ImageUri"], self._shelf.region)
        arn = self._shelf.arn(name)
        config = {
            "FunctionName": name, "FunctionArn": arn, "Version": LATEST,
            "MemorySize": 128, "Timeout": 3, "EphemeralStorage": {"Size": 512},
            "Description": "", "Architectures": ["x86_64"], "CodeSize": 0,
            "TracingConfig": {"Mode": "PassThrough"},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "CodeSha256": digest, "State": "Pending", "StateReasonCode": "Creating",
            "StateReason": "The function is being created.",
            "LastUpdateStatus": "Successful", **changes(given),
        }  # fmt: skip
        touch(config)
        latest = Frozen(config, code["ImageUri"], self._shelf.settling())
        self._shelf.functions[name] = Made(name, arn, latest, dict(tags))
        if publish:
            return self._publish(self._shelf.functions[name], "")
        return dict(config)

    def get_function(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> dict[str, Any]:
        made, frozen = self._at(FunctionName, Qualifier)
        config = frozen.shown()
        resolved = f"{frozen.uri.partition('@')[0]}@sha256:{config['CodeSha256']}"
        code = {
            "RepositoryType": "ECR", "ImageUri": frozen.uri,
            "ResolvedImageUri": resolved,
        }  # fmt: skip
        found = {"Configuration": config, "Code": code, "Tags": made.tags}
        if made.concurrency is not None:
            found["Concurrency"] = {"ReservedConcurrentExecutions": made.concurrency}
        return found

    def get_function_configuration(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> dict[str, Any]:
        return self._at(FunctionName, Qualifier)[1].shown()

    def list_functions(
        self, Marker: str | None = None, MaxItems: int = 50, **_: Any
    ) -> dict[str, Any]:
        names = sorted(self._shelf.functions)
        functions = [self._shelf.functions[name].latest.shown() for name in names]
        return page("Functions", functions, Marker, min(MaxItems, 50))

    def update_function_code(self, FunctionName: str, **given: Any) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        latest = made.latest
        latest.refuse_while_working()
        check_revision(given.get("RevisionId"), latest.config["RevisionId"])
        digest = self._outside.image(given["ImageUri"], self._shelf.region)
        if given.get("DryRun"):
            return dict(latest.config)
        latest.uri, latest.config["CodeSha256"] = given["ImageUri"], digest
        self._begin(latest)
        return dict(latest.config)

    def update_function_configuration(
        self, FunctionName: str, **given: Any
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        latest = made.latest
        latest.refuse_while_working()
        check_revision(given.pop("RevisionId", None), latest.config["RevisionId"])
        if "Role" in given:
            self._outside.check_role(given["Role"])
        self._outside.check_key(given.get("KMSKeyArn"))
        latest.config.update(changes(given))
        self._begin(latest)
        return dict(latest.config)

    def delete_function(
        self, FunctionName: str, Qualifier: str | None = None
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        qualifier = Qualifier or split(FunctionName)[1]
        if qualifier is None:
            del self._shelf.functions[made.name]
            return {"StatusCode": 204}
        if qualifier == LATEST or not qualifier.isdigit():
            raise invalid("only a version, or the whole function, can be deleted")
        for alias in made.aliases.values():
            weights = alias["RoutingConfig"]["AdditionalVersionWeights"]
            if qualifier in {alias["FunctionVersion"], *weights}:
                raise conflict(
                    f"Version {qualifier} is referenced by alias {alias['Name']}"
                )
        made.versions.pop(qualifier, None)
        return {"StatusCode": 204}

    # Versions.

    def publish_version(self, FunctionName: str, **given: Any) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        made.latest.refuse_while_working()
        config = made.latest.config
        check_revision(given.get("RevisionId"), config["RevisionId"])
        wanted = given.get("CodeSha256")
        if wanted is not None and wanted != config["CodeSha256"]:
            raise invalid(f"CodeSHA256 ({wanted}) is different from current CodeSHA256")
        return self._publish(made, given.get("Description", config["Description"]))

    def _publish(self, made: Made, note: str) -> dict[str, Any]:
        last = list(made.versions.values())[-1:]
        if last and compared(last[0].config) == compared(made.latest.config):
            return last[0].shown()
        number = self._shelf.number(made.name)
        config = {
            **made.latest.config, "Version": number, "Description": note,
            "FunctionArn": f"{made.arn}:{number}", "State": "Pending",
            "StateReasonCode": "Creating", "StateReason": "being created",
        }  # fmt: skip
        snap = config["SnapStart"]["ApplyOn"] == "PublishedVersions"
        config["SnapStart"] = {
            **config["SnapStart"], "OptimizationStatus": "On" if snap else "Off"
        }  # fmt: skip
        touch(config)
        frozen = Frozen(config, made.latest.uri, self._shelf.settling())
        made.versions[number] = frozen
        return dict(config)

    def list_versions_by_function(
        self, FunctionName: str, Marker: str | None = None, MaxItems: int = 50
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        every = [made.latest, *made.versions.values()]
        shown = [frozen.shown() for frozen in every]
        return page("Versions", shown, Marker, min(MaxItems, 50))

    # Aliases.

    def create_alias(
        self, FunctionName: str, Name: str, **given: Any
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        if Name in made.aliases:
            raise conflict(f"Alias already exists: {made.arn}:{Name}")
        alias = {"AliasArn": f"{made.arn}:{Name}", "Name": Name, "Description": ""}
        made.aliases[Name] = self._routed(made, alias, given)
        return dict(made.aliases[Name])

    def update_alias(
        self, FunctionName: str, Name: str, **given: Any
    ) -> dict[str, Any]:
        made = self._shelf.find(FunctionName)
        have = _alias(made, Name)
        check_revision(given.pop("RevisionId", None), have["RevisionId"])
        made.aliases[Name] = self._routed(made, have, given)
        return dict(made.aliases[Name])

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        return dict(_alias(self._shelf.find(FunctionName), Name))

    def delete_alias(self, FunctionName: str, Name: str) -> None:
        made = self._shelf.find(FunctionName)
        made.aliases.pop(Name, None)
        for kept in (made.policies, made.urls, made.provisioned):
            kept.pop(Name, None)

    def list_aliases(
        self, FunctionName: str, FunctionVersion: str | None = None,
        Marker: str | None = None, MaxItems: int = 50,
    ) -> dict[str, Any]:  # fmt: skip
        made = self._shelf.find(FunctionName)
        found = [
            dict(alias) for _, alias in sorted(made.aliases.items())
            if FunctionVersion in {None, alias["FunctionVersion"]}
        ]  # fmt: skip
        return page("Aliases", found, Marker, min(MaxItems, 50))

    def _routed(
        self, made: Made, have: dict[str, Any], given: dict[str, Any]
    ) -> dict[str, Any]:
        """*have* with what was *given*, if an alias may be so."""
        alias = {"RoutingConfig": {"AdditionalVersionWeights": {}}, **have, **given}
        weights = alias["RoutingConfig"].setdefault("AdditionalVersionWeights", {})
        primary = alias["FunctionVersion"]
        if primary != LATEST and primary not in made.versions:
            raise not_found(f"{made.arn}:{primary}")
        if weights:
            _check_weights(made, alias["Name"], primary, weights)
        return {**alias, "RevisionId": str(uuid.uuid4())}

    # What they share.

    def _at(self, named: str, qualifier: str | None) -> tuple[Made, Frozen]:
        made = self._shelf.find(named)
        return made, made.at(qualifier or split(named)[1])

    def _begin(self, latest: Frozen) -> None:
        latest.config.update(LastUpdateStatus="InProgress", LastModified=now())
        touch(latest.config)
        latest.settling = self._shelf.settling()


def _check_weights(
    made: Made, name: str, primary: str, weights: dict[str, float]
) -> None:
    if len(weights) > 1:
        raise invalid("Number of items in AdditionalVersionWeights cannot exceed 1")
    ((other, share),) = weights.items()
    if LATEST in {primary, other}:
        raise invalid("$LATEST is not supported for an alias with routing")
    if other not in made.versions:
        raise not_found(f"{made.arn}:{other}")
    if other == primary:
        raise invalid("Invalid function version 1. Function version is included twice")
    if not 0 <= share <= 1:
        raise invalid(f"weight {share} is not between 0.0 and 1.0")
    if made.versions[other].config["Role"] != made.versions[primary].config["Role"]:
        raise invalid("Both versions must have the same execution role")
    if name in made.provisioned:
        raise invalid("Alias with weights can not be used with Provisioned Concurrency")


def _alias(made: Made, name: str) -> dict[str, Any]:
    if name not in made.aliases:
        arn = f"{made.arn}:{name}"
        raise AwsError(
            404, "ResourceNotFoundException", f"Cannot find alias arn: {arn}"
        )
    return made.aliases[name]
