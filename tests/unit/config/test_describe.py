"""Help, reference and schema say what the options are."""

import json

from mlflow_serverless.config import DeploymentConfig, help_text, json_schema, markdown
from mlflow_serverless.config.describe import options
from mlflow_serverless.config.parse import parse


def test_every_option_says_what_it_means():
    """
    An option without documentation cannot be added.
    """
    for option in options():
        assert option.meaning.endswith("."), option.key


def test_help_and_page_name_every_option():
    """
    Nothing is left out.
    """
    for option in options():
        assert option.key in help_text()
        assert f"`{option.key}`" in markdown()


def test_shown_defaults_are_the_defaults():
    """
    Typing every default that is shown changes nothing.
    """
    shown = {option.key: option.default for option in options() if option.default}

    assert DeploymentConfig() == parse(shown)


def test_the_schema_refuses_unknown_keys():
    """
    Editors that know the schema mark typos.
    """
    schema = json.loads(json_schema())

    assert schema["additionalProperties"] is False
    assert set(DeploymentConfig.model_fields) == set(schema["properties"])
