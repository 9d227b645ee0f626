"""A policy is read whole, or every mistake in it is told with its line."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from mlflow_serverless.reconcile.errors import PolicyError, PolicyMissingError
from mlflow_serverless.reconcile.load import json_schema, load, parse
from tests.fakes.scene import CHAIN

FILE = Path("mlflow-serverless.yaml")


def mistakes(text):
    with pytest.raises(PolicyError) as caught:
        parse(text, FILE)
    return caught.value.mistakes


def test_on_is_a_key_and_not_a_boolean():
    """
    YAML 1.1 reads `on` as true; a policy does not.
    """
    policy = parse(CHAIN, FILE)

    assert "champion" == policy.models[0].on.alias
    assert "staging" == policy.environments["production"].after


def test_every_mistake_is_told_at_once_with_its_line():
    """
    Unknown keys with what was meant, wrong types, missing keys, environments that
    there are not, beside whatever else is wrong.
    """
    text = """\
version: 1
environments:
  staging: {aproval: tag}
  production: {after: stagng}
models:
  - model: fraud
    on: {alias: champion, stage: Production}
  - model: churn
    on: {tag: deploy}
    retire: burn
"""
    unknown = "there is no environment 'stagng'; did you mean staging?"
    shared = "'{model}' is what staging calls its deployments on the same target; "
    shared += "say '{model}-{environment}'"

    assert (
        "line 3: environments.staging.aproval: unknown key; did you mean approval?",
        "line 4: environments.production.after: " + unknown,
        "line 4: environments.production.name: " + shared,
        "line 7: models.0.on: name one of alias, tag and stage, not alias and stage",
        "line 10: models.1.retire: input should be 'keep' or 'delete', not 'burn'",
    ) == mistakes(text)


def test_what_hangs_together_is_checked():
    """
    Unknown environments, circles, names that two environments share, bad settings.
    """
    text = """\
version: 1
environments:
  a: {after: c}
  b: {after: stagng}
  c: {after: a}
models:
  - model: fraud
    on: {alias: champion}
    environments: {d: {}}
"""
    shared = "'{model}' is what a calls its deployments on the same target; "
    shared += "say '{model}-{environment}'"

    assert (
        "line 3: environments.a.after: goes round: a ← c",
        "line 4: environments.b.after: there is no environment 'stagng'",
        f"line 4: environments.b.name: {shared}",
        "line 5: environments.c.after: goes round: c ← a",
        f"line 5: environments.c.name: {shared}",
        "line 9: models.0.environments.d: there is no environment 'd'",
    ) == mistakes(text)


def test_an_environment_of_which_nothing_is_said_is_one():
    """
    `production:` alone reads as `production: {}`.
    """
    policy = parse("version: 1\nenvironments:\n  production:\nmodels:\n"
                   "  - {model: fraud, on: {alias: a}, environments: {production: }}\n",
                   FILE)  # fmt: skip

    assert "none" == policy.environments["production"].approval
    assert ["production"] == list(policy.models[0].environments)


def test_configuration_is_checked_where_it_stands():
    """
    The same did-you-mean as on the command line, at the line of its key; also of a
    strategy, which is short for one.
    """
    text = """\
version: 1
environments:
  production:
    config: {memory: 12}
    strategy: canry
models:
  - model: fraud
    on: {alias: champion}
    config:
      timeout_s: soon
      strategy:
        steps: "50,25"
"""
    memory, strategy, timeout, steps = mistakes(text)

    assert memory.startswith("line 4: environments.production.config.memory: unknown")
    assert "did you mean memory_mb?" in memory
    assert strategy.startswith("line 5: environments.production.strategy: 'canry' is")
    assert timeout.startswith(
        "line 10: models.0.config.timeout_s: write a whole number"
    )
    assert timeout.endswith("not soon")
    assert steps.startswith("line 12: models.0.config.strategy.steps: ")


def test_one_mistake_hides_no_other():
    """
    What is sound in itself is checked, whatever is wrong beside it; targets, too.
    """
    text = """\
version: 1
environments:
  staging: {target: lambda:/eu}
  production: {aproval: tag}
models:
  - model: fraud
    on: {alias: champion}
    config: {memory_mb: 10}
  - model: churn
"""

    assert ["line 3", "line 4", "line 8", "line 9"] == [
        said.partition(":")[0] for said in mistakes(text)
    ]
    assert "'lambda:/eu' is not a target" in mistakes(text)[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("- 1", "line 1: input should be"),
        ("a: [", "line 1: while parsing"),
        ("version: 1\n\tx: [", "line 2: while scanning"),
        ("a: \x00", "special characters are not allowed"),
        ("&a {models: *a}", "line 1: models"),
        ("? [1]\n: 2", "unhashable"),
        ("version: 1\nversion: 1\n", "given twice, on line 1 and line 2"),
        ("version: 2\nenvironments: {}\nmodels: []\n", "line 1: version"),
        ("version: 1\nenvironments: {}\nmodels: []\n", "line 3: models: is empty"),
    ],
)
def test_what_is_no_policy_says_so(text, said):
    """
    Nothing that YAML lets through makes a half-read policy.
    """
    assert any(said in mistake for mistake in mistakes(text)), mistakes(text)


@pytest.mark.parametrize(
    "template", ["{modle}", "{model", "a b", "{0}", "", "{model!r}"]
)
def test_a_template_makes_a_name(template):
    """
    Only the two placeholders, and only what may name a function.
    """
    text = f"""\
version: 1
environments:
  production: {{name: {template!r}}}
models:
  - {{model: fraud, on: {{alias: champion}}}}
"""
    (said,) = mistakes(text)

    assert said.startswith("line 3: environments.production.name")


def test_a_missing_file_says_how_to_name_one(tmp_path):
    """
    The hint has the option to type.
    """
    with pytest.raises(PolicyMissingError, match="--policy FILE"):
        load(tmp_path / "none.yaml")


def test_the_published_schema_takes_what_we_take():
    """
    The schema in the docs is this code's, and agrees with it on a policy.
    """
    schema = json_schema()
    data = yaml.load(CHAIN.replace(" on:", " 'on':"), yaml.SafeLoader)

    jsonschema.validate(data, yaml.safe_load(schema))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**data, "more": 1}, yaml.safe_load(schema))
