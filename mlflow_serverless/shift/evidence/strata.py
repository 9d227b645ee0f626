"""Cells of time joined until both versions are in each, then into groups."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlflow_serverless.observe import Histogram
from mlflow_serverless.observe.histogram import merged


@dataclass(frozen=True, slots=True)
class Stratum:
    """Latencies of both versions in the same time."""

    candidate: Histogram
    baseline: Histogram

    @property
    def sizes(self) -> tuple[int, int]:
        """How many values the candidate has, and the baseline."""
        return self.candidate.total, self.baseline.total


def strata(
    pairs: Iterable[tuple[Histogram | None, Histogram | None]], *, least: int = 2
) -> list[Stratum]:
    """
    Join successive *pairs* until each side has *least*; what is left over waits.

    Where one ends depends on counts alone, never on the values counted.
    """
    found: list[Stratum] = []
    candidate: list[Histogram] = []
    baseline: list[Histogram] = []
    for ours, theirs in pairs:
        candidate += [ours] if ours else []
        baseline += [theirs] if theirs else []
        if _total(candidate) >= least and _total(baseline) >= least:
            found.append(Stratum(_merged(candidate), _merged(baseline)))
            candidate, baseline = [], []
    return found


def groups(
    found: Sequence[Stratum], *, least: int, most: int
) -> list[tuple[Stratum, ...]]:
    """
    Successive strata together: *least* values of each side, *most* groups.

    Groups, not requests, are what is taken as independent: requests that follow one
    another share an environment, a burst, a noisy neighbour.
    """
    smaller = sum(min(stratum.sizes) for stratum in found)
    enough = max(least, smaller / most)
    made: list[list[Stratum]] = [[]]
    for stratum in found:
        made[-1].append(stratum)
        if sum(min(s.sizes) for s in made[-1]) >= enough:
            made.append([])
    rest = made.pop()
    if rest and made:
        made[-1].extend(rest)
    elif rest:
        made.append(rest)
    return [tuple(group) for group in made]


def _total(histograms: Sequence[Histogram]) -> int:
    return sum(histogram.total for histogram in histograms)


def _merged(histograms: Sequence[Histogram]) -> Histogram:
    return merged(histograms) or Histogram()
