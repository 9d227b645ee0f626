"""Configurations in the words of Terraform's AWS provider."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_serverless.export import Format, Syntax, export
from mlflow_serverless.export.terraform import PROVIDER, terraform
from mlflow_serverless.export.tf_parts import Link, escaped, snaked
from tests.unit.export.wants import EVERYTHING, WAYS, wanted, way, without_tags
from tests.unit.topology.test_topology import PLACE, configs

ARGUMENTS = json.loads(
    Path(__file__).with_name("terraform_arguments.json").read_text(encoding="utf-8")
)
META = {"depends_on", "count", "lifecycle"}
TYPES = {
    "string": str, "number": (int, float), "bool": bool, "list": list, "map": dict,
}  # fmt: skip
ADDRESS = re.compile(r"(?<!\$)\$\{([a-z0-9_]+\.[a-z0-9_]+)\.(\w+)")


def wrong(said, allowed, where):
    """What the provider would object to."""
    for name in sorted(set(said) - set(allowed) - META):
        yield f"{where}: no argument {name}"
    for name, kind in allowed.items():
        if name == "!":
            continue
        block = isinstance(kind, dict)
        must = kind.get("!", False) if block else kind.startswith("!")
        if name not in said:
            if must:
                yield f"{where}: {name} is missing"
        elif block:
            yield from _block(said[name], kind, f"{where}.{name}")
        elif not _is(said[name], TYPES[kind.removeprefix("!")]):
            yield f"{where}.{name}: {said[name]!r} is no {kind}"


def _block(said, allowed, where):
    for one in said if isinstance(said, list) else [said]:
        yield from wrong(one, allowed, where)


def _is(value, kind):
    return isinstance(value, kind) and (kind is bool) == isinstance(value, bool)


def objections(want):
    blocks = terraform(want, PLACE)["resource"]
    return [
        one
        for kind, labelled in blocks.items()
        for label, said in labelled.items()
        for one in wrong(said, ARGUMENTS[kind], f"{kind}.{label}")
    ]


@pytest.mark.parametrize("given_", WAYS, ids=lambda g: ",".join(g) or "least")
def test_the_provider_knows_every_argument(given_):
    """Names, types, and what must be given are those of the provider's schema."""
    assert [] == objections(way(given_))


@settings(max_examples=25, deadline=None)
@given(config=configs)
def test_whatever_is_asked_for_together(config):
    """So are they for options together."""
    assert [] == objections(wanted(config))


def test_what_is_empty_is_left_out():
    """Of somebody who tags nothing, too."""
    assert [] == objections(without_tags(way(EVERYTHING)))


def test_the_check_finds_what_is_wrong():
    """A misspelt, a missing and a mistyped argument are seen."""
    said = {"function_name": 1, "rol": "r"}

    found = list(wrong(said, {"function_name": "!string", "role": "!string"}, "f"))

    assert [
        "f: no argument rol", "f.function_name: 1 is no !string", "f: role is missing",
    ] == found  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(config=configs)
def test_every_address_leads_to_a_block(config):
    """No expression and no dependency names what is not in the configuration."""
    found = terraform(wanted(config), PLACE)
    there = {f"{k}.{label}" for k, some in found["resource"].items() for label in some}
    blocks = [b for some in found["resource"].values() for b in some.values()]
    text = json.dumps([blocks, found["output"]])

    asked = {address for address, _ in ADDRESS.findall(text)}
    asked |= {address for block in blocks for address in block.get("depends_on", ())}

    assert set() == {a for a in asked if not a.startswith("var.")} - there


@given(text=st.text(alphabet="${%}a\\\"'é\n", max_size=12))
def test_text_is_read_as_it_was_meant(text):
    """No text of the user's is taken for an expression, and none is changed."""
    said = escaped(text)

    assert text == re.sub(r"\$\$\{", "${", re.sub(r"%%\{", "%{", said)) or "$$" in text
    assert not re.search(r"(?<![$%])[$%]\{", said)


def test_links_are_left_as_they_are():
    """They are what expressions are for."""
    said = escaped({"a": [Link("${aws_x.y.id}"), "${b}"], "c": 1})

    assert {"a": ["${aws_x.y.id}", "$${b}"], "c": 1} == said


def test_names_of_the_users_are_not_respelled():
    """Environment variables are no arguments."""
    said = snaked({"Environment": {"Variables": {"SomeThing": "x"}}, "KMSKeyArn": "k"})

    assert {
        "environment": {"variables": {"SomeThing": "x"}}, "kms_key_arn": "k",
    } == said  # fmt: skip


def test_it_is_for_one_account_and_a_provider_that_knows_enough():
    """An older provider would make URLs that answer 403."""
    found = json.loads(
        export(way({"url.auth": "iam"}), PLACE, Format.TERRAFORM, Syntax.JSON)
    )

    assert [PLACE.account] == found["provider"]["aws"]["allowed_account_ids"]
    assert PROVIDER == found["terraform"]["required_providers"]["aws"]["version"]


def test_what_is_shared_is_made_by_one_configuration_alone():
    """A variable says whether this is the one; Terraform never destroys it."""
    found = terraform(way({"image.repository": "shared/models"}), PLACE)

    (repository,) = found["resource"]["aws_ecr_repository"].values()

    assert ("${var.make_shared ? 1 : 0}", {"prevent_destroy": True}) == (
        repository["count"], repository["lifecycle"],
    )  # fmt: skip
    assert False is found["variable"]["make_shared"]["default"]
