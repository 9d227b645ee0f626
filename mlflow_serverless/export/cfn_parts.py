"""What CloudFormation templates are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlflow_serverless.plan import Pairs

FUNCTION = "Function"
ALIAS = "Alias"
STEP = "Step"
"""Parameter: how far to go."""
SERVES = "Serves"
"""Condition of all that comes after where images and models are kept."""
SHARED_STORAGE = "SharedStorage"
"""Parameter: whether this stack makes what several deployments share."""
MAKES_SHARED = "MakesShared"


@dataclass(frozen=True, slots=True)
class Part:
    """One resource of a template."""

    type: str
    properties: Mapping[str, Any]
    """Those that are None are left out."""
    condition: str = ""
    needs: tuple[str, ...] = ()
    """Labels of parts that no property mentions."""
    kept: bool | None = None
    """Whether it stays when the stack goes or replaces it; None for what keeps
    nothing that could be lost."""

    def plain(self) -> dict[str, Any]:
        """As the template says it."""
        said: dict[str, Any] = {"Type": self.type}
        if self.condition:
            said["Condition"] = self.condition
        if self.needs:
            said["DependsOn"] = list(self.needs)
        if self.kept is not None:
            policy = "Retain" if self.kept else "Delete"
            said |= {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
        given = {k: v for k, v in self.properties.items() if v is not None}
        return {**said, "Properties": given}


def ref(label: str) -> dict[str, str]:
    """What a part is called once it is made."""
    return {"Ref": label}


def get(label: str, attribute: str) -> dict[str, list[str]]:
    """An attribute of a part."""
    return {"Fn::GetAtt": [label, attribute]}


def listed(tags: Pairs) -> list[dict[str, str]] | None:
    """Tags as most of AWS writes them; None if there are none."""
    return [{"Key": key, "Value": value} for key, value in tags] or None
