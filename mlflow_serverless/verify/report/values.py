"""What verification found, as values."""

from dataclasses import dataclass, field

from lambda_runtime.manifest import Refusal

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReport:
    """One group of rows, and what the model itself made of it."""

    name: str
    why: str
    rows: int
    """Rows compared."""
    refused: int = 0
    """Rows the model itself refuses; nothing to compare."""
    unasked: int = 0
    """Rows left out, because finding all refusals would have cost too much."""
    reasons: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReport:
    """A kind of value that the model raises for, and the runtime in its place."""

    value: str
    """As `lambda_runtime.manifest` has it for a `Refusal`, or for a `Check`."""
    of: tuple[str, ...]
    """Columns or tensors; empty is all of them."""
    reason: str
    """The model's words."""
    by_graph: bool = False
    """Whether the graph finds it, not the runtime before it is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVerdict:
    """One candidate on one group."""

    name: str
    rows: int
    flips: int = 0
    """Labels that differ outside the tie band."""
    ties: int = 0
    """Labels that differ inside it."""
    beyond: int = 0
    """Rows with a score beyond the tolerance."""
    max_abs: float = 0.0
    max_rel: float = 0.0
    max_excess: float = 0.0
    """Largest error over tolerance."""
    median_abs: float = 0.0
    p99_abs: float = 0.0
    atol: float = 0.0
    rtol: float = 0.0
    histogram: tuple[int, ...] = ()
    fault: str = ""
    """Why answers could not be compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstInput:
    """The evidence: one row, and both answers."""

    group: str
    row: int
    input: str
    native: str
    candidate: str
    excess: float
    """Error over tolerance; infinite for a wrong label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAgreement:
    """How often one label came out the same."""

    label: str
    rows: int
    equal: int
    ties: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeReport:
    """Rows sent as JSON through the runtime that will serve them."""

    engine: str
    rows: int
    wrong: int = 0
    refused: int = 0
    """Rows that the runtime refuses by a documented rule of its protocol."""
    spurned: int = 0
    """Rows sent besides, that the model refuses; the runtime must refuse them, too."""
    first_wrong: str = ""
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether every answer was the model's."""
        return self.wrong == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateReport:
    """One artefact, judged."""

    name: str
    file: str
    format: str
    bytes: int
    passed: bool
    verdict: str
    """One sentence."""
    load_ms: float = 0.0
    run_us: float = 0.0
    """Median of one-row runs, binding excluded."""
    eps: float = 0.0
    depth: int = 0
    tie_band: float = 0.0
    groups: tuple[GroupVerdict, ...] = ()
    classes: tuple[ClassAgreement, ...] = ()
    worst: WorstInput | None = None
    """The answer that is most off; None if all are exact."""
    more: tuple[WorstInput, ...] = ()
    """Some of the next ones."""
    runtime: RuntimeReport | None = None

    @property
    def flips(self) -> int:
        """Wrong labels, over all groups."""
        return sum(group.flips for group in self.groups)

    @property
    def ties(self) -> int:
        """Labels that differ where the model itself hardly decides."""
        return sum(group.ties for group in self.groups)

    @property
    def beyond(self) -> int:
        """Rows with scores beyond the tolerance."""
        return sum(group.beyond for group in self.groups)

    @property
    def rows(self) -> int:
        """Rows compared."""
        return sum(group.rows for group in self.groups)

    @property
    def max_abs(self) -> float:
        """Largest absolute error of a score."""
        return max((group.max_abs for group in self.groups), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityReport:
    """All of it: what was asked, and how each candidate answered."""

    model: str
    """Exact URI."""
    digest: str
    flavor: str
    predict_fn: str
    seed: int
    groups: tuple[GroupReport, ...]
    candidates: tuple[CandidateReport, ...]
    options: tuple[tuple[str, str], ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    noise: float = 0.0
    """How far the model's own answer moved when asked twice; 0 is the rule."""
    refusals: tuple[RefusalReport, ...] = ()
    """What the runtime answers with 400, since the model refuses it."""
    schema: int = field(default=SCHEMA)

    @property
    def passed(self) -> bool:
        """Whether every candidate answers as the model does."""
        return bool(self.candidates) and all(item.passed for item in self.candidates)

    @property
    def at_the_door(self) -> tuple[Refusal, ...]:
        """What the runtime refuses by itself, before the graph is asked."""
        found = (item for item in self.refusals if not item.by_graph)
        return tuple(Refusal(item.value, item.of) for item in found)

    @property
    def rows(self) -> int:
        """Rows compared for each candidate."""
        return sum(group.rows for group in self.groups)

    @property
    def summary(self) -> str:
        """One line for tags, at most 200 characters."""
        worst = max((item.max_abs for item in self.candidates), default=0.0)
        flips = sum(item.flips for item in self.candidates)
        ties = sum(item.ties for item in self.candidates)
        count = len(self.candidates)
        text = (
            f"{'equal' if self.passed else 'NOT EQUAL'}: {self.rows} rows in "
            f"{sum(g.rows > 0 for g in self.groups)} groups, "
            f"{count} artefact{'' if count == 1 else 's'}; "
            f"{flips} wrong labels, {ties} ties; "
            f"max error {worst:.2g}; seed {self.seed}"
        )
        return text[:200]
