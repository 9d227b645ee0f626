"""A registry in memory; each change is remembered as the event it would send."""

import json
from dataclasses import dataclass, field, replace

from mlflow_serverless.reconcile.observed import Model, ModelVersion, matches


@dataclass
class FakeRegistry:
    """What is registered; `events` are the bodies MLflow would have sent."""

    found: dict[str, Model] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    reads: int = 0
    before_read: list = field(default_factory=list)
    """Called, one a read: somebody else is at work."""

    def register(self, name: str, count: int = 1) -> None:
        model = self.found.get(name, Model(name=name))
        first = len(model.versions) + 1
        made = tuple(
            ModelVersion(number=n, model_id=f"m-{name}-{n}", stage="None")
            for n in range(first, first + count)
        )
        self.found[name] = replace(model, versions=(*model.versions, *made))

    def point(self, name: str, alias: str, number: int) -> None:
        model = self.found[name]
        self.found[name] = replace(model, aliases={**model.aliases, alias: number})
        data = {"name": name, "alias": alias, "version": str(number)}
        self._said("model_version_alias", "created", data)

    def drop(self, name: str, alias: str) -> None:
        model = self.found[name]
        aliases = {key: n for key, n in model.aliases.items() if key != alias}
        self.found[name] = replace(model, aliases=aliases)
        self._said("model_version_alias", "deleted", {"name": name, "alias": alias})

    def stage(self, name: str, number: int, stage: str) -> None:
        self._change(name, number, stage=stage)

    def tag(self, uri: str, key: str, value: str) -> None:
        name, _, number = uri.removeprefix("models:/").rpartition("/")
        version = self.found[name].version(int(number))
        self._change(name, int(number), tags={**version.tags, key: value})

    def models(self, rules):
        self.reads += 1
        if self.before_read:
            self.before_read.pop(0)()
        return tuple(
            model
            for name, model in sorted(self.found.items())
            if any(matches(rule, name) for rule in rules)
        )

    def tags(self, name):
        model = self.found[name]
        for version in model.versions:
            yield model.uri(version), dict(version.tags)

    def names(self):
        return tuple(sorted(self.found))

    def _change(self, name, number, **what):
        model = self.found[name]
        versions = tuple(
            replace(v, **what) if v.number == number else v for v in model.versions
        )
        self.found[name] = replace(model, versions=versions)

    def _said(self, entity, action, data):
        said = {"entity": entity, "action": action, "timestamp": "", "data": data}
        self.events.append(json.dumps(said))
