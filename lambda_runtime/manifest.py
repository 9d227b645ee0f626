"""The contract between the deployer and the runtime.

The deployer writes one `manifest.json` into every bundle; the runtime reads nothing
else to know what it serves. Everything here is a frozen value. A manifest says which
model this is, which graph artefacts hold it, how a request becomes graph inputs
(`Feed`), how graph outputs become the prediction (`Answer`), and where else the files
may be found (`Tier`). `manifest_write` makes JSON of it, `manifest_read` reads that.
The deployer imports all three; nothing flows back.

Null and NaN in string columns: ONNX string tensors know neither, and a model may tell
them apart, so they travel as `NULL_TEXT` and `NAN_TEXT`. Converters lower categories
and imputers against these two texts.
"""

from __future__ import annotations

from lambda_runtime.record import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SCHEMA = 1
"""Raised whenever an older runtime would misread a newer manifest."""

NULL_TEXT = "\ue000null"
"""What a null (None) in a string column is inside a string tensor."""

NAN_TEXT = "\ue000nan"
"""What a float NaN in a string column is inside a string tensor."""

DTYPES = (
    "float16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64", "bool", "string",
)  # fmt: skip
"""Element types of tensors, by numpy's names (plus `string`)."""

COLUMN_TYPES = (
    "boolean", "integer", "long", "float", "double", "string", "binary", "datetime",
)  # fmt: skip
"""MLflow's scalar column types."""

CHECKED = "refused"
"""The graph output that says which rows the model raises for; see `Answer.checks`."""

PIECE_BYTES = 2 << 20
"""What one of a file's `pieces` covers; the last covers the rest."""

Scalar = str | int | float | bool | None


class ManifestError(ValueError):
    """A manifest that is not one, or one from another time; names the place."""


class File(NamedTuple):
    """One file of a bundle, addressed by its content."""

    path: str
    """Relative to the bundle's folder, with forward slashes."""
    sha256: str
    """Hex digest of the content."""
    bytes: int
    pieces: tuple[str, ...] = ()
    """Hex SHA-256 of each `PIECE_BYTES`: lets all cores check a large file at once."""


class Tensor(NamedTuple):
    """An input or output: name, element type (one of `DTYPES`), shape."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    """None marks a dimension that varies; the first is the batch."""


class Variant(NamedTuple):
    """One artefact form of the graph; every variant has passed parity."""

    name: str
    """`portable`, `mapped`, `gather`, ... unique in the manifest."""
    file: str
    """Path of the file that opens the session."""
    needs: tuple[str, ...] = ()
    """Paths of further files it refers to (external data), beside `file`."""
    format: str = "onnx"
    """`onnx`, `ort`, or `native`: the model's own files, opened at its MLmodel."""
    use: str = "always"
    """`always`; or `first` (serves until the `steady` one is ready) and `steady`."""
    prepack: bool = True
    """Whether the session lays weights out for speed while loading."""
    optimised: bool = False
    """Whether the file was optimised when packaged; then loading changes nothing."""
    load_ms: float | None = None
    """Session creation on the machine that packaged it [ms]; advice, not a promise."""
    run_us: float | None = None
    """One-row run on that machine [us]."""


class Column(NamedTuple):
    """One column of a DataFrame signature."""

    name: str | None
    """None in signatures whose columns are only ordered."""
    type: str
    """One of `COLUMN_TYPES`, or the JSON text of an Array, Object or Map."""
    required: bool = True


class Param(NamedTuple):
    """One inference parameter of the signature."""

    name: str
    type: str
    default: Any
    shape: tuple[int, ...] | None = None


class Signature(NamedTuple):
    """What a request must look like; columns or tensors, never both."""

    columns: tuple[Column, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    """A single tensor whose name is empty is MLflow's unnamed tensor."""
    params: tuple[Param, ...] = ()


class Feed(NamedTuple):
    """How one graph input is filled from the request.

    From columns: they are laid side by side, `(rows, len(columns))`, cast to the
    input's element type. From a tensor: `tensor` names it and `columns` is empty.
    Missing numbers become NaN, missing strings `NULL_TEXT` (None) or `NAN_TEXT`.
    """

    input: str
    columns: tuple[str, ...] = ()
    tensor: str | None = None
    null: str = NULL_TEXT
    """What a request's null is in a string input. The model's pandas decides: since
    version 3 it reads null beside texts as NaN, so this is `NAN_TEXT` then; a column of
    nulls alone stays None, `NULL_TEXT`."""


class Refusal(NamedTuple):
    """One kind of value that the model raises for, where its graph would answer.

    Seen when the model was asked, one such value at a time, while the graph was proved.
    """

    value: str
    """`missing` (NaN, or null for a number), `null` (None for a text), `infinite`,
    `large` (beyond float32), or `absent` (an optional column that is left out)."""
    of: tuple[str, ...] = ()
    """Columns or tensors in which it is refused; empty is all of them."""


class Field(NamedTuple):
    """One part of the answer."""

    output: str
    """The graph output it is read from."""
    name: str | None = None
    """Column name, or tensor name; None where the answer is one bare array."""
    column: int | None = None
    """Which column of a `(rows, k)` output; None takes the whole output."""
    labels: tuple[Scalar, ...] = ()
    """If given, the output holds indices into these (class labels of any type)."""


class Check(NamedTuple):
    """What the model raises for on its way, found by the graph itself in each row."""

    value: str
    """`unseen` (a category that no encoder knows), `outside` (a number out of a step's
    range), or `overflow` (a step makes what a later one refuses: NaN, infinities)."""
    of: str = ""
    """The column it is about; empty if it is about several."""


class Answer(NamedTuple):
    """How graph outputs become what the model's own `predict` returns, or raises."""

    form: str = "array"
    """`array`: one bare nested list. `table`: records, as a DataFrame answers.
    `tensors`: an object of named nested lists."""
    fields: tuple[Field, ...] = ()
    checks: tuple[Check, ...] = ()
    """If given, the graph has an output `CHECKED`: int64 `(rows,)`, 0 where the model
    answers, else one more than the place of one of these, which it raises for."""


class Engine(NamedTuple):
    """What runs the graph, and why it was chosen."""

    kind: str = "ort-c"
    """`ort-c`, `ort-python`, or `native`."""
    why: str = ""
    minimum: str = ""
    """Oldest engine version that loads every variant."""


class Tier(NamedTuple):
    """One place where the bundle's files may be found, nearest first."""

    kind: str
    """`bundle` (beside the manifest), `tmp`, `mount`, or `s3`."""
    root: str = ""
    """Folder, or `s3://bucket/prefix`; empty for `bundle`."""
    budget_bytes: int | None = None
    """Most this tier may hold; None is no limit of ours."""


class Model(NamedTuple):
    """Where the model came from, exactly."""

    uri: str
    name: str | None = None
    version: str | None = None
    model_id: str | None = None
    flavor: str = ""
    predict_fn: str = "predict"
    digest: str = ""
    """Of the model's files: `sha256:` and hex."""


class Manifest(NamedTuple):
    """All that the runtime knows of what it serves."""

    model: Model
    engine: Engine
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    variants: tuple[Variant, ...]
    signature: Signature
    feeds: tuple[Feed, ...]
    answer: Answer
    files: tuple[File, ...]
    tiers: tuple[Tier, ...] = (Tier("bundle"),)
    options: Mapping[str, Any] = {}
    """Room for one engine's or door's own settings; JSON values only."""
    schema: int = SCHEMA
    refusals: tuple[Refusal, ...] = ()
    """What is answered with 400 before the graph is asked."""

    def file(self, path: str) -> File:
        """The file at *path*; ManifestError if the manifest does not list it."""
        for file in self.files:
            if file.path == path:
                return file
        raise ManifestError(f"no file {path!r} in the manifest")
