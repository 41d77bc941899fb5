"""How many tokens requests read and write: as counted, or from a few figures of a planner.

A simulation must not depend on which large requests a random sample happens to hold. Each form therefore gives lists
that hold the distribution itself: a trace in whole passes, a distribution by evenly spaced quantiles; only the order
is random.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from siteopt.arrays import Floats

#: Normal scores of the median, the 95th and the 99th percentile.
SCORES = (0.0, 1.6448536269514722, 2.3263478740408408)
#: Points at which the mean of a distribution is taken: the middles of as many equal parts.
MEAN_POINTS = 20_000
#: Times that the slope below the median may be added to it.
STEEPER = 2.0


class RequestSizes(Protocol):
    """Sizes of a workload's requests."""

    def mean(self) -> tuple[float, float]:
        """Return the mean tokens read and written."""

    def lists(self, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """Return tokens read and written of ``count`` requests in random order, float64; what is written is whole."""


@dataclass(frozen=True, eq=False)
class CountedSizes:
    """A histogram or a trace: joint sizes, and how many requests had them.

    Attributes
    ----------
    input_tokens, output_tokens : ndarray of float64, shape (n,)
        At least 0 and at least 1.
    requests : ndarray of int64, shape (n,)
        At least 1.
    """

    input_tokens: Floats
    output_tokens: Floats
    requests: np.ndarray[tuple[int], np.dtype[np.int64]]

    def mean(self) -> tuple[float, float]:
        """See :class:`RequestSizes`."""
        inputs = np.average(self.input_tokens, weights=self.requests)
        return float(inputs), float(np.average(self.output_tokens, weights=self.requests))

    def lists(self, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """See :class:`RequestSizes`; a trace longer than ``count`` is thinned evenly, in the order of its sizes."""
        total = int(self.requests.sum())
        if total > count:
            order = np.lexsort((self.output_tokens, self.input_tokens))
            at = (np.arange(count) + 0.5) * (total / count)
            rows = order[np.searchsorted(np.cumsum(self.requests[order]), at)]
            rows = generator.permutation(rows)
        else:
            whole = np.repeat(np.arange(len(self.requests)), self.requests)
            passes = [generator.permutation(whole) for _ in range(-(-count // total))]
            rows = np.concatenate(passes)[:count]
        return self.input_tokens[rows], np.maximum(np.rint(self.output_tokens[rows]), 1.0)


@dataclass(frozen=True)
class Lognormal:
    """Lognormal distribution with a mean and a coefficient of variation."""

    mean: float
    cv: float

    def quantiles(self, scores: Floats) -> Floats:
        """Return the values at normal scores, scaled so that theirs is the mean, which misses the end of the tail."""
        values: Floats = np.exp(np.sqrt(np.log1p(self.cv * self.cv)) * scores)
        return values * (self.mean / float(values.mean()))


@dataclass(frozen=True)
class ThroughQuantiles:
    """Distribution through the 50th, 95th and 99th percentile, with a mean as near to the stated one as they allow.

    The logarithm is piecewise linear in the normal score. Until the mean is met, what lies between the median and the
    95th percentile is bent as a parabola, as far as it can be without falling; then the slope below the median changes.

    Raises
    ------
    ValueError
        If the percentiles fall, or no distribution with them has the mean.
    """

    mean: float
    p50: float
    p95: float
    p99: float
    bend: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        if not 0.0 < self.p50 <= self.p95 <= self.p99:
            raise ValueError(
                f"percentiles must be above 0 and may not fall: {self.p50:g}, {self.p95:g}, {self.p99:g}"
            )
        least = 0.45 * self.p50 + 0.04 * self.p95 + 0.01 * self.p99
        if self.mean < least:
            raise ValueError(
                f"a mean of {self.mean:g} is below {least:g}, the least that the percentiles allow"
            )
        low, high, scores = -2.0, 2.0, middle_scores(MEAN_POINTS)
        for _ in range(50):
            object.__setattr__(self, "bend", 0.5 * (low + high))
            if float(self.quantiles(scores).mean()) < self.mean:
                low = self.bend
            else:
                high = self.bend

    def quantiles(self, scores: Floats) -> Floats:
        """Return the values at normal scores."""
        logs = np.log((self.p50, self.p95, self.p99))
        body, tail = np.diff(logs) / np.diff(SCORES)
        beyond = abs(self.bend) - 1.0  # what the parabola cannot take
        slope = body * (1.0 if beyond <= 0.0 else 1.0 - beyond if self.bend > 0.0 else 1.0 + STEEPER * beyond)
        parabola = np.clip(self.bend, -1.0, 1.0) * body / SCORES[1] * scores * (SCORES[1] - scores)
        pieces = (slope * scores, body * scores + parabola, body * SCORES[1] + tail * (scores - SCORES[1]))
        values: Floats = np.exp(
            logs[0] + np.select((scores <= 0.0, scores <= SCORES[1]), pieces[:2], pieces[2])
        )
        return values


@dataclass(frozen=True)
class SeparateSizes:
    """Tokens read and written, each with a distribution of its own, independent of each other.

    Attributes
    ----------
    input_tokens, output_tokens : Lognormal or ThroughQuantiles
    largest : float
        Most tokens in one request, read and written; longer ones are cut to it.
    """

    input_tokens: Lognormal | ThroughQuantiles
    output_tokens: Lognormal | ThroughQuantiles
    largest: float = np.inf

    def mean(self) -> tuple[float, float]:
        """See :class:`RequestSizes`."""
        return self.input_tokens.mean, self.output_tokens.mean

    def lists(self, count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
        """See :class:`RequestSizes`; the means of the lists are the stated ones but for what is rounded or cut."""
        scores = middle_scores(count)
        read, written = (
            generator.permutation(d.quantiles(scores)) for d in (self.input_tokens, self.output_tokens)
        )
        written = np.clip(np.rint(written), 1.0, max(np.floor(self.largest), 1.0))
        return np.clip(read, 0.0, np.maximum(self.largest - written, 0.0)), written


def middle_scores(count: int) -> Floats:
    """Return the normal scores of the middles of ``count`` equal parts, rising."""
    from scipy.special import ndtri  # SciPy takes long to import, and many scenarios need no distribution

    scores: Floats = ndtri((np.arange(count) + 0.5) / count)
    return scores


def unit_arrivals(count: int, cv: float, generator: np.random.Generator) -> Floats:
    """Return arrival times at rate 1: gamma renewal, evenly spaced quantiles of the gaps in random order.

    Parameters
    ----------
    count : int
    cv : float
        Coefficient of variation of the gaps: 0 is a fixed gap, 1 Poisson arrivals.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (count,)
        Rising; the mean gap is 1.
    """
    at = (np.arange(count) + 0.5) / count
    if cv == 0.0:
        gaps = np.ones(count)
    elif cv == 1.0:
        gaps = -np.log1p(-at)
    else:
        from scipy.special import gammaincinv

        gaps = gammaincinv(1.0 / (cv * cv), at)
    return np.cumsum(generator.permutation(gaps * (count / gaps.sum())))
