"""One configuration from strings, files and Python values; every mistake at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_serverless import limits
from mlflow_serverless.config import DeploymentConfig, flat, from_flat, parse
from mlflow_serverless.config.describe import options
from mlflow_serverless.config.errors import ConfigError, ConfigFileError

tag_text = st.text("abcXYZ019 _.:/=+-@", min_size=1, max_size=20).filter(
    lambda text: not text.startswith(("aws:", "mlflow-serverless:"))
)
variables = st.from_regex(r"[B-K][A-Z0-9_]{1,8}", fullmatch=True)
fraction = st.floats(0, 1, allow_nan=False)


@st.composite
def configs(draw):
    return DeploymentConfig(
        memory_mb=draw(st.sampled_from(limits.MEMORY_MB)),
        timeout_s=draw(st.sampled_from(limits.TIMEOUT_S)),
        concurrency=draw(st.none() | st.integers(1, 1000)),
        alias=draw(st.sampled_from(["live", "blue", "a1"])),
        environment=draw(st.dictionaries(variables, st.text(max_size=20), max_size=3)),
        tags=draw(st.dictionaries(tag_text, tag_text, max_size=3)),
        smoke=draw(st.booleans()),
        parity={
            "samples": draw(st.integers(1, 10**6)),
            "rtol": draw(st.none() | fraction),
        },
    )


def mistakes(given):
    with pytest.raises(ConfigError) as caught:
        parse(given)
    return caught.value.mistakes


@given(config=configs())
def test_flat_strings_hold_everything(config):
    """
    A configuration survives the way through `-C key=value`.
    """
    assert config == parse(flat(config))


@given(config=configs())
def test_json_holds_everything(config):
    """
    A configuration survives the way through a file, nested as it is.
    """
    assert config == parse(json.loads(config.model_dump_json()))


@given(base=configs(), memory=st.sampled_from(limits.MEMORY_MB))
def test_a_change_changes_nothing_else(base, memory):
    """
    What an update does not mention stays.
    """
    changed = from_flat({"memory_mb": str(memory)}, base)

    assert base.model_copy(update={"memory_mb": memory}) == changed


def test_nothing_given_is_all_defaults():
    """
    Every option has a default, and defaults are not written out.
    """
    assert DeploymentConfig() == parse({})
    assert {} == flat(DeploymentConfig())


@pytest.mark.parametrize(
    ("word", "meant"),
    [("true", True), ("1", True), ("yes", True), ("True", True), (True, True),
     ("false", False), ("0", False), ("no", False), ("FALSE", False), (False, False)],
)  # fmt: skip
def test_truth_has_many_words(word, meant):
    """
    MLflow hands over strings; `"false"` is false.
    """
    assert meant is parse({"smoke": word}).smoke


@pytest.mark.parametrize("form", [
    {"parity.samples": "7"}, {"parity": {"samples": 7}}, {"parity": '{"samples": 7}'},
])  # fmt: skip
def test_groups_are_dotted_nested_or_json(form):
    """
    The three ways to write a group mean the same.
    """
    assert 7 == parse(form).parity.samples


def test_tags_may_have_dots_in_their_names():
    """
    Below `tags.` the rest is the name, dots and all.
    """
    assert {"cost.centre": "x"} == parse({"tags.cost.centre": "x"}).tags


def test_every_mistake_is_reported_with_its_key():
    """
    One run shows all that is wrong.
    """
    found = mistakes({
        "memory_mb": "64",
        "timeout_s": "soon",
        "memroy_mb": "512",
        "parity.sampels": "3",
        "alias": "7",
        "engine": "tensorrt",
        "tags": "x",
        "environment.AWS_REGION": "x",
    })  # fmt: skip

    for text in (
        "memory_mb=64",
        "timeout_s=soon",
        "memroy_mb: unknown key; did you mean memory_mb?",
        "did you mean parity.samples?",
        "alias: ",
        "engine=tensorrt",
        "tags: is a group",
        "environment: AWS_REGION is reserved",
    ):
        assert any(text in mistake for mistake in found), text
    assert 8 == len(found)


@pytest.mark.parametrize("precision", ["int8", "float16"])
def test_fewer_bits_are_not_asked_of_a_library(precision):
    """
    A precision that the native engine would ignore is a mistake, not a wish.
    """
    (found,) = mistakes({"engine": "native", "optimise.precision": precision})

    assert found.startswith("engine=native serves the model as it is")
    assert f"optimise.precision={precision}" in found
    assert "native" == parse({"engine": "native"}).engine


@given(key=st.text(min_size=1, max_size=20))
def test_unknown_keys_are_never_dropped(key):
    """
    Whatever is not an option is refused, and named.
    """
    known = {option.key.partition(".")[0] for option in options()} | {"config"}
    if key.partition(".")[0] in known:
        return

    assert any(key in mistake for mistake in mistakes({key: "1"}))


def test_the_same_key_twice_is_a_mistake():
    """
    Dotted and nested at once: nobody can say which was meant.
    """
    given = {"parity": {"samples": 1}, "parity.samples": 2}

    assert ("parity.samples: given twice",) == mistakes(given)


def test_a_file_is_overridden_by_keys(tmp_path):
    """
    `config=@file.yaml` comes first, what else is given wins.
    """
    file = tmp_path / "c.yaml"
    file.write_text("memory_mb: 2048\ntimeout_s: 9\ntags: {year: 2026, ok: true}\n")
    config = parse({"config": f"@{file}", "timeout_s": "5", "tags.team": "risk"})

    assert (2048, 5) == (config.memory_mb, config.timeout_s)
    assert {"year": "2026", "ok": "true", "team": "risk"} == config.tags


@pytest.mark.parametrize(
    ("content", "why"),
    [("- a", "it holds a list"), ("{", "expected"), (None, "No such")],
)
def test_an_unusable_file_says_why(tmp_path, content, why):
    """
    A file that is missing or no mapping is its own error.
    """
    file = tmp_path / "c.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigFileError, match=why):
        parse({"config": f"@{file}"})


@pytest.mark.parametrize("value", ["none", "null", None])
def test_nothing_can_be_said(value):
    """
    Where nothing may be given, `none` says it.
    """
    assert parse({"concurrency": value, "parity.rtol": value}).concurrency is None


def test_limits_are_aws_s():
    """
    Tags and variables that AWS would refuse are refused here.
    """
    found = mistakes({
        "tags": {"aws:x": "1"}, "environment": {"BIG": "x" * limits.ENVIRONMENT_BYTES},
    })  # fmt: skip

    assert any("reserved" in mistake for mistake in found)
    assert any(f"at most {limits.ENVIRONMENT_BYTES}" in mistake for mistake in found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"provisioned": 1, "cold_start": "snapshot"}, "cold_start=provisioned"),
        ({"vpc.subnets": "a"}, "vpc.subnets and vpc.security_groups"),
        ({"api.auth": "jwt"}, "api.issuer and api.audience"),
        (
            {"api.auth": "jwt", "api.issuer": "http://i", "api.audience": "a"},
            "https://",
        ),
        ({"api.domain": "models.example"}, "api.certificate"),
        ({"mount.path": "/srv/models"}, "begins with /mnt/"),
        ({"log_retention_days": 8}, "1, 3, 5, 7, 14"),
        ({"role": "admin"}, "is no ARN"),
        ({"image.model_store": "https://x"}, "s3://BUCKET/PREFIX"),
        ({"image.repository": "Models"}, "small letters"),
        ({"keep_versions": 0}, "keep_versions=0: 1 is the least"),
        ({"url.auth": "everybody"}, "'off', 'iam' or 'public'"),
        ({"architecture": "arm64"}, "did you mean image.architecture?"),
    ],
)
def test_options_of_aws_are_held_to_its_rules(given, said):
    """
    Before anything is asked of it.
    """
    with pytest.raises(ConfigError) as caught:
        parse(given)

    assert said in caught.value.message


def test_several_texts_are_written_with_commas():
    """
    Or as a list in a file; none of them is nothing.
    """
    told = parse({"allow": "public-url, open-cors"})

    assert ("public-url", "open-cors") == told.allow
    assert told == parse({"allow": ["public-url", "open-cors"]})
    assert told == parse(flat(told))
    assert () == parse({"allow": "none"}).allow
