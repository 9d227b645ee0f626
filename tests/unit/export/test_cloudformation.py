"""Templates that CloudFormation takes, in two steps where there is storage to fill."""

import json
from dataclasses import replace

import cfnlint
import pytest
import yaml
from hypothesis import given, settings

from mlflow_serverless.config import parse
from mlflow_serverless.export import Format, ResolvedTextError, Syntax, export
from mlflow_serverless.export.cloudformation import cloudformation
from mlflow_serverless.plan import content_of
from tests.unit.export.wants import EVERYTHING, TELLING, wanted, way, without_tags
from tests.unit.topology.test_topology import PLACE, configs


def written(want, syntax=Syntax.YAML):
    return export(want, PLACE, Format.CLOUDFORMATION, syntax)


def lint(want):
    return [str(match) for match in cfnlint.lint(written(want), regions=[PLACE.region])]


@pytest.mark.parametrize("given_", TELLING, ids=lambda g: ",".join(g) or "least")
def test_cfn_lint_has_nothing_to_say(given_):
    """Properties, references, conditions and policies are as CloudFormation wants."""
    assert [] == lint(way(given_))


configs_of_the_real_world = configs.filter(lambda config: not config.vpc.subnets)
"""Those of the strategy have ids of networks that only a test could have."""


@settings(max_examples=2, deadline=None)
@given(config=configs_of_the_real_world)
def test_nor_about_options_together(config):
    """Whatever is asked for together, the template is one that is taken."""
    assert [] == lint(wanted(config))


def test_what_is_empty_is_left_out():
    """CloudFormation takes no null."""
    assert "null" not in written(without_tags(way(EVERYTHING)), Syntax.JSON)


@settings(max_examples=20, deadline=None)
@given(config=configs)
def test_both_syntaxes_say_the_same(config):
    """YAML is read back as what JSON says; no text turns into a date or a number."""
    want = wanted(config)

    assert json.loads(written(want, Syntax.JSON)) == yaml.safe_load(written(want))


def test_only_storage_is_made_in_the_first_step():
    """A function cannot be made before its image is there."""
    parts = cloudformation(way({}), PLACE)["Resources"]

    first = [label for label, part in parts.items() if "Condition" not in part]
    rest = {part["Condition"] for part in parts.values() if "Condition" in part}

    assert (["Repository"], {"Serves"}) == (first, rest)


def test_what_is_shared_is_made_by_one_stack_alone():
    """It stays when that stack goes, and no other one makes it."""
    found = cloudformation(way({"image.repository": "shared/models"}), PLACE)

    repository = found["Resources"]["Repository"]

    assert "there" == found["Parameters"]["SharedStorage"]["Default"]
    assert ("MakesShared", "Retain") == (
        repository["Condition"], repository["DeletionPolicy"],
    )  # fmt: skip
    assert "Repository" not in found["Resources"]["Function"]["DependsOn"]


def test_without_storage_of_its_own_there_is_one_step():
    """An image in another account's registry is there already."""
    theirs = "210987654321.dkr.ecr.eu-central-1.amazonaws.com/theirs"

    found = cloudformation(way({"image.repository": theirs}), PLACE)

    assert not {"Parameters", "Conditions"} & set(found)
    assert not [p for p in found["Resources"].values() if "Condition" in p]


def test_another_content_is_another_version():
    """CloudFormation publishes anew exactly when a version would differ, and keeps
    the old one to roll back to.
    """
    one, other = way({}), way({"memory_mb": "2048"})
    labels = [f"Version{content_of(want.function)}" for want in (one, other)]

    parts = [cloudformation(want, PLACE)["Resources"] for want in (one, other)]

    assert labels[0] != labels[1]
    for label, found in zip(labels, parts, strict=True):
        assert [label] == [name for name in found if name.startswith("Version")]
        assert "Retain" == found[label]["UpdateReplacePolicy"]


def test_text_that_would_be_replaced_is_refused():
    """Better said than a secret put where a text was meant."""
    hostile = {"environment.WHERE": "{{resolve:ssm-secure:/db}}"}

    with pytest.raises(ResolvedTextError, match="WHERE"):
        cloudformation(wanted(parse(hostile)), PLACE)


def test_provisioned_concurrency_is_the_alias_s():
    """As it is no resource of its own there."""
    alias = cloudformation(way({"provisioned": "2"}), PLACE)["Resources"]["Alias"]

    said = alias["Properties"]["ProvisionedConcurrencyConfig"]

    assert {"ProvisionedConcurrentExecutions": 2} == said


def test_the_same_is_written_the_same():
    """Nothing that differs between two runs is in it."""
    assert written(way(EVERYTHING)) == written(replace(way(EVERYTHING)))
