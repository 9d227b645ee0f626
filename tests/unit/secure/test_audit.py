"""What is refused, unless it is allowed by name."""

from dataclasses import replace

import pytest

from mlflow_serverless.errors import Kind
from mlflow_serverless.plan import (
    Cors,
    Desired,
    Function,
    FunctionUrl,
    HttpApi,
    LogGroup,
    ModelBucket,
    Permission,
    Repository,
    Role,
    Settings,
    Weight,
)
from mlflow_serverless.secure import RefusedError, audit, refuse
from mlflow_serverless.secure.document import Statement, document

PLAIN = Desired(
    function=Function(
        name="it", artifact="a", settings=Settings(memory_mb=128, timeout_s=3)
    )
)


def with_resource(resource) -> Desired:
    return replace(PLAIN, resources=(resource,))


def with_variable(key: str, value: str) -> Desired:
    settings = replace(PLAIN.function.settings, environment=((key, value),))
    return replace(PLAIN, function=replace(PLAIN.function, settings=settings))


def role(*actions: str, resource: str = "*", **given) -> Role:
    said = Statement(sid="S", actions=actions, resources=(resource,), **given)
    return Role(name="r", trust="{}", policy=document([said]))


EVERYBODYS = (
    '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}'
)
ALL_BUT = '{"Statement":[{"Effect":"Allow","NotAction":["iam:*"],"Resource":"a"}]}'
REFUSALS = [
    ("public-url", FunctionUrl(qualifier="live", auth="NONE")),
    ("public-api", HttpApi(name="a", qualifier="live", auth="NONE")),
    ("open-cors", FunctionUrl(qualifier="live", cors=Cors(origins=("*",)))),
    ("public-permission", Permission(sid="s", qualifier="live", principal="*")),
    ("wildcard-action", role("s3:*", resource="arn:aws:s3:::b/p/*")),
    ("wildcard-action", Role(name="r", trust="{}", policy=ALL_BUT)),
    ("wildcard-resource", role("s3:GetObject")),
    ("wildcard-resource", role("sqs:SendMessage", resource="arn:aws:sqs:*:1:q")),
    ("wildcard-resource", role("s3:GetObject", resource="arn:aws:s3:::*")),
    ("mutable-tags", Repository(name="r", immutable=False)),
    ("unscanned-images", Repository(name="r", scan_on_push=False)),
    ("public-images", Repository(name="r", policy=EVERYBODYS)),
    ("plaintext-store", ModelBucket(name="b")),
]


@pytest.mark.parametrize(("code", "resource"), REFUSALS)
def test_what_is_dangerous_is_refused_unless_allowed_by_name(code, resource):
    """With the name to allow it by; allowed, it is still said."""
    (found,) = audit(with_resource(resource))
    (allowed,) = audit(with_resource(resource), (code,))

    assert (code, Weight.REFUSED) == (found.code, found.weight)
    assert f"allow={code}" in found.fix
    assert (code, Weight.ALLOWED) == (allowed.code, allowed.weight)
    assert audit(with_resource(resource), ("another-code",)) == (found,)


@pytest.mark.parametrize(
    "resource",
    [
        FunctionUrl(qualifier="live"),
        Permission(sid="s", qualifier="live", principal="*", via_url=True),
        role("xray:PutTraceSegments"),
        role("s3:GetObject", effect="Deny"),
        role("s3:GetObject", resource="arn:aws:s3:::b/p/*"),
        Repository(name="r"),
        LogGroup(name="l"),
    ],
)
def test_what_is_safe_is_not_mentioned(resource):
    """The least is allowed without a word."""
    assert () == audit(with_resource(resource))


def test_a_log_kept_for_ever_is_a_warning():
    """It costs, but harms nobody."""
    (found,) = audit(with_resource(LogGroup(name="l", retention_days=None)))

    assert ("endless-log", Weight.WARNING) == (found.code, found.weight)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DB_PASSWORD", "hunter22222"),
        ("API_KEY", "0123456789abc"),
        ("apiToken", "abcdefgh"),
        ("PLAIN", "AKIAABCDEFGHIJKLMNOP"),
        ("URL", "postgres://user:secret@host/db"),
        ("X", "-----BEGIN RSA PRIVATE KEY-----\nabc"),
        ("X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"),
        ("X", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("BLOB", "q7Jx0Pz9Lw3Vt5Kc8Rm2Yd4Bn6Hs1Gf"),
        ("HASHED", "9f86d081884c7d659a2feaa0c55ad015"),
    ],
)
def test_secrets_are_found_by_name_form_or_chance(key, value):
    """A variable that holds one is refused, and can be allowed alone."""
    (found,) = audit(with_variable(key, value))
    (allowed,) = audit(with_variable(key, value), (f"secret-in-environment:{key}",))
    others = audit(with_variable(key, value), ("secret-in-environment:OTHER",))

    assert ("secret-in-environment", Weight.REFUSED) == (found.code, found.weight)
    assert value not in str(found)
    assert Weight.ALLOWED == allowed.weight
    assert (found,) == others


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("LOG_LEVEL", "debug"),
        ("SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:x"),
        ("USE_TOKENS", "true"),
        ("MAX_TOKENS", "4096"),
        ("TOKEN_TTL", "3600"),
        ("MODEL_PATH", "/mnt/models/fraud/2026-11-01"),
        ("ENDPOINT", "https://example.com/path/to/somewhere"),
        ("AUTHOR", "Somebody Else"),
        ("TITLE", "a_rather_long_name_for_a_model_of_fraud"),
    ],
)
def test_what_is_no_secret_is_left_alone(key, value):
    """Switches, numbers, names, paths and addresses."""
    assert () == audit(with_variable(key, value))


def test_a_refusal_names_all_of_it():
    """So that everything can be put right, or allowed, at once."""
    want = replace(
        with_variable("DB_PASSWORD", "hunter22222"),
        resources=(FunctionUrl(qualifier="live", auth="NONE"),),
    )

    with pytest.raises(RefusedError, match="public-url") as caught:
        refuse("it", audit(want))

    assert Kind.REFUSED is caught.value.kind
    assert "secret-in-environment:DB_PASSWORD" in caught.value.hint
    refuse("it", audit(want, ("public-url", "secret-in-environment")))
