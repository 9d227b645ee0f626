"""The options, as values; their docstrings are their documentation."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from annotated_types import Ge, Le
from pydantic import AfterValidator, Field, model_validator

from mlflow_serverless import limits
from mlflow_serverless.config.aws import (
    AlarmsConfig,
    ApiConfig,
    Arn,
    ImageConfig,
    MountConfig,
    Retention,
    UrlConfig,
    VpcConfig,
)
from mlflow_serverless.config.section import Section, Words, need
from mlflow_serverless.config.strategy import JudgeConfig, StrategyConfig


def _within(bounds: range) -> tuple[Ge, Le]:
    return Ge(bounds.start), Le(bounds.stop - 1)


_VARIABLE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_RESERVED = ("AWS_", "LAMBDA_", "MLFLOW_SERVERLESS_", "_HANDLER", "TZ")
_TAG_TEXT = re.compile(r"[\w\s.:/=+\-@]*")
_OURS = ("aws:", "mlflow-serverless:")
_OUR_TAGS = 20
"""Tags we put beside the user's."""


def _alias(name: str) -> str:
    need(
        bool(limits.ALIAS_NAME.fullmatch(name)),
        "an alias has letters, digits, - and _, at most 128, and is not a number",
    )
    return name


def _variables(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        need(bool(_VARIABLE.fullmatch(name)), f"{name!r} cannot name a variable")
        need(not name.startswith(_RESERVED), f"{name} is reserved")
    size = sum(len(f"{k}{v}".encode()) for k, v in variables.items())
    most = limits.ENVIRONMENT_BYTES
    need(size <= most, f"{size} bytes of variables; at most {most}")
    return variables


def _tags(tags: dict[str, str]) -> dict[str, str]:
    most = limits.TAGS - _OUR_TAGS
    need(len(tags) <= most, f"{len(tags)} tags; at most {most}")
    for key, value in tags.items():
        _tag_text(key, "key", limits.TAG_KEY_CHARS)
        _tag_text(value, f"value of {key}", limits.TAG_VALUE_CHARS)
        reserved = not key or key.startswith(_OURS)
        need(not reserved, f"the tag key {key!r} is reserved")
    return tags


def _tag_text(text: str, what: str, most: int) -> None:
    need(len(text) <= most, f"tag {what}: {len(text)} characters; at most {most}")
    need(
        bool(_TAG_TEXT.fullmatch(text)),
        f"tag {what}: letters, digits, spaces and _.:/=+-@ only, not {text!r}",
    )


class OptimiseConfig(Section):
    """What is done to the graph after conversion."""

    precision: Literal["exact", "int8", "float16"] = "exact"
    """What weights are kept in. `int8` and `float16` move answers: by how much is
    measured, and refused beyond the `parity` tolerance and `parity.max_label_flips`."""

    calibration: Path | None = None
    """Rows like those to come (csv, parquet, npy, npz): `int8` then rounds what flows
    between layers, too, with ranges taken from them."""

    slim: bool = True
    """Remove what the outputs do not need, with onnxslim where it is installed."""

    fuse: bool = True
    """Fuse operators as ONNX Runtime does, at the level that fits every processor."""

    external: bool = True
    """Keep large weights beside the graph, where they are mapped instead of copied."""

    quick: bool = True
    """Serve the first requests from a form that loads sooner, where one pays."""

    @model_validator(mode="after")
    def _calibrates_int8(self) -> Self:
        said = "optimise.calibration is for optimise.precision=int8"
        need(self.calibration is None or self.precision == "int8", said)
        return self


class ConversionConfig(Section):
    """Where the model is loaded, converted and compared."""

    environment: Literal["auto", "here", "isolated"] = "auto"
    """`here`: with what is installed beside us; `isolated`: with the model's recorded
    requirements, installed apart; `auto`: isolated where what is here differs."""


class ParityConfig(Section):
    """How the served answers are compared with the model's own."""

    samples: Annotated[int, Ge(1), Le(1_000_000)] = 2_000
    """Rows drawn from ranges like those of training; other groups scale with it."""

    seed: Annotated[int, Ge(0)] = 0
    """Draws the same rows again."""

    boundary_rows: Annotated[int, Ge(1), Le(10_000_000)] = 24_000
    """Most rows spent on values at and beside split thresholds."""

    rtol: Annotated[float, Ge(0)] | None = None
    """Relative part of the tolerance; `none` chooses it from the graph."""

    atol: Annotated[float, Ge(0)] | None = None
    """Absolute part of the tolerance; `none` chooses it from the graph."""

    max_label_flips: Annotated[int, Ge(0)] = 0
    """Labels outside the tie band that may differ, over all groups."""

    data: Path | None = None
    """Your own rows, compared on top: a csv, parquet or json file, or a logged table
    (`runs:/ID/eval.json`)."""

    runtime_rows: Annotated[int, Ge(0), Le(100_000)] = 200
    """Rows sent end to end through the real runtime; 0 leaves that out."""


class DeploymentConfig(Section):
    """Everything that may be said about a deployment, beside its name and model."""

    memory_mb: Annotated[int, *_within(limits.MEMORY_MB)] = 1024
    """Memory of one environment [MB]; processing power grows with it."""

    timeout_s: Annotated[int, *_within(limits.TIMEOUT_S)] = 30
    """Longest time one request may take [s]."""

    ephemeral_mb: Annotated[int, *_within(limits.EPHEMERAL_MB)] = 512
    """Room in `/tmp` [MB]."""

    concurrency: Annotated[int, Ge(1), Le(limits.CONCURRENCY)] | None = None
    """Most environments at once; `none` leaves it to the account."""

    alias: Annotated[str, AfterValidator(_alias)] = "live"
    """The alias that callers use; it is moved to each new version."""

    engine: Literal["auto", "onnx", "native"] = "auto"
    """What runs the model: `onnx` (refused where no graph is exact), `native` (the
    model's own library), or `auto`: an exact graph where there is one, else native."""

    environment: Annotated[dict[str, str], AfterValidator(_variables)] = Field(
        default_factory=dict
    )
    """Environment variables of the function: `environment.NAME=value`."""

    tags: Annotated[dict[str, str], AfterValidator(_tags)] = Field(default_factory=dict)
    """Tags of the function, for cost and ownership: `tags.team=risk`."""

    smoke: bool = True
    """Ask the deployment once, and compare with the model's own answer."""

    record: bool = True
    """Write back to MLflow where the version runs, and keep the reports there."""

    conversion: ConversionConfig = ConversionConfig()
    """Where the model is loaded, converted and compared."""

    parity: ParityConfig = ParityConfig()
    """How the served answers are compared with the model's own."""

    optimise: OptimiseConfig = OptimiseConfig()
    """What is done to the graph after conversion."""

    image: ImageConfig = ImageConfig()
    """How the container image is built and where it is kept."""

    role: Arn | None = None
    """Role that the function runs as; `none` makes one with the least it needs."""

    permissions_boundary: Arn | None = None
    """Policy that bounds the roles that are made."""

    kms_key: Arn | None = None
    """Key for logs, images, models and variables; `none` is each service's own."""

    log_retention_days: Retention = 30
    """How long logs are kept [days]."""

    tracing: bool = False
    """Trace requests with X-Ray."""

    vpc: VpcConfig = VpcConfig()
    """A private network that the function is in."""

    mount: MountConfig = MountConfig()
    """A file system that the function reads models from."""

    cold_start: Literal["auto", "snapshot", "provisioned", "on-demand"] = "auto"
    """What is done about cold starts: environments start from a `snapshot`, are kept
    started (`provisioned`), or start when asked; `auto` chooses; `plan` says why."""

    provisioned: Annotated[int, Ge(1), Le(limits.CONCURRENCY)] | None = None
    """Environments that are kept started; chooses `cold_start=provisioned`."""

    url: UrlConfig = UrlConfig()
    """An HTTPS address of the alias itself, without a gateway."""

    api: ApiConfig = ApiConfig()
    """An HTTP API in front of the alias."""

    alarms: AlarmsConfig = AlarmsConfig()
    """When somebody is told."""

    allow: Words = ()
    """Findings of the audit that are allowed, by name: `public-url`, ..."""

    keep_versions: Annotated[int, Ge(1), Le(1_000)] = 5
    """Newest versions that `gc` keeps, beside those that serve."""

    strategy: StrategyConfig = StrategyConfig()
    """How traffic moves to a new version."""

    judge: JudgeConfig = JudgeConfig()
    """What is asked of a new version before it gets more traffic."""

    wait: bool = False
    """Stay until the rollout is over, and drive it; of this one call only."""

    @model_validator(mode="after")
    def _one_answer_to_cold_starts(self) -> Self:
        kept = self.provisioned is not None
        said = "provisioned goes with cold_start=provisioned (or auto)"
        need(not kept or self.cold_start in {"auto", "provisioned"}, said)
        return self

    @model_validator(mode="after")
    def _quantises_a_graph(self) -> Self:
        precise = self.engine != "native" or self.optimise.precision == "exact"
        said = (
            f"engine=native serves the model as it is; optimise.precision="
            f"{self.optimise.precision} is for engine=onnx or auto"
        )
        need(precise, said)
        return self
