"""Which of two models is better, told from the same images.

Images that both answer right, or both wrong, say nothing about which is better. Of the others, b are right by the first
model alone and c by the second alone. If the two were equally good, each of these b + c would be a fair coin:

    p = min(1, 2 P(X <= min(b, c)))       X ~ Binomial(b + c, 1/2)       the exact test of McNemar

The difference of the accuracies is (c - b) / n. Its interval is the adjusted Wald interval of Bonett and Price: two
images are added, one right by each model alone, which repairs the usual interval where b and c are small.

    d = (c - b) / (n + 2)        half = z sqrt(((b + c + 2) / (n + 2) - d^2) / (n + 2))

Of numbers each image has a difference of squared errors, d = r_2^2 - r_1^2. Their mean tells which model is better,
their standard deviation s how far chance reaches:

    mean +- z s / sqrt(n)        p = 2 (1 - Phi(|mean| sqrt(n) / s))

Sources: McNemar 1947; Bonett and Price 2012 ("Adjusted Wald confidence interval for a difference of binomial
proportions based on paired data"), advised by Fagerland, Lydersen and Laake 2014; Diebold and Mariano 1995 ("Comparing
predictive accuracy", without lags).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nncli.evaluation.intervals import CONFIDENCE, Interval, quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

SIGNIFICANT = 1 - CONFIDENCE
"""Probability below which a difference is not put down to chance."""


@dataclass(frozen=True)
class Comparison:
    """Two models on the same n images.

    Attributes:
        both, first, second, neither: How many are right by both, by the first alone, by the second alone, by none.
        same_answer: How many get the same class from both, right or wrong.
    """

    both: int
    first: int
    second: int
    neither: int
    same_answer: int

    @property
    def n(self) -> int:
        """How many images."""
        return self.both + self.first + self.second + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of the second less that of the first."""
        return (self.second - self.first) / self.n

    @property
    def p_value(self) -> float:
        """Of the exact test of McNemar, 0..1."""
        return mcnemar(self.first, self.second)

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Where the true difference lies; see the module."""
        n, z = self.n + 2, quantile(confidence)
        center = (self.second - self.first) / n
        half = z * math.sqrt(((self.first + self.second + 2) / n - center**2) / n)
        return Interval(max(center - half, -1.0), min(center + half, 1.0))


@dataclass(frozen=True)
class NumbersComparison:
    """Two models on the same n numbers.

    Attributes:
        n: How many.
        first, second: Mean squared errors.
        deviation: Standard deviation of the differences of squared errors.
    """

    n: int
    first: float
    second: float
    deviation: float

    @property
    def difference(self) -> float:
        """Mean squared error of the second less that of the first."""
        return self.second - self.first

    @property
    def p_value(self) -> float:
        """Probability of a difference at least as large, if both models were equally good, 0..1."""
        if not self.deviation:
            return 1.0 if not self.difference else 0.0
        return math.erfc(abs(self.difference) / self.deviation * math.sqrt(self.n / 2))

    def interval(self, confidence: float = CONFIDENCE) -> Interval:
        """Where the true difference lies; see the module."""
        half = quantile(confidence) * self.deviation / math.sqrt(self.n)
        return Interval(self.difference - half, self.difference + half)


def compare_numbers(
    actual: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> NumbersComparison:
    """Compare the squared errors of two models.

    Args:
        actual: The right numbers, (m,), m > 0.
        first: Those of the first model, (m,).
        second: Those of the second one, (m,).
    """
    squares = (first - actual) ** 2, (second - actual) ** 2
    deviation = float((squares[1] - squares[0]).std())
    return NumbersComparison(len(actual), float(squares[0].mean()), float(squares[1].mean()), deviation)


def compare(actual: NDArray[np.intp], first: NDArray[np.intp], second: NDArray[np.intp]) -> Comparison:
    """Count where two models agree.

    Args:
        actual: Class indices, (m,), m > 0.
        first: What the first model says, (m,).
        second: What the second one says, (m,).
    """
    is_first, is_second = first == actual, second == actual
    return Comparison(
        both=int((is_first & is_second).sum()),
        first=int((is_first & ~is_second).sum()),
        second=int((~is_first & is_second).sum()),
        neither=int((~is_first & ~is_second).sum()),
        same_answer=int((first == second).sum()),
    )


def mcnemar(first_alone: int, second_alone: int) -> float:
    """The probability of a split at least as uneven, if both models were equally good; 1 where they never differ.

    Args:
        first_alone: Images that the first model alone answers right.
        second_alone: Those that the second one alone answers right.
    """
    n, fewer = first_alone + second_alone, min(first_alone, second_alone)
    if first_alone == second_alone:
        return 1.0
    # Whole numbers: exact for any n. Each binomial coefficient comes from the one before.
    coefficient, total = 1, 0
    for k in range(fewer + 1):
        total += coefficient
        coefficient = coefficient * (n - k) // (k + 1)
    return min(1.0, _ratio(2 * total, n))


def _ratio(numerator: int, exponent: int) -> float:
    """`numerator` / 2**`exponent`, also where neither fits into a float."""
    excess = max(numerator.bit_length() - 64, 0)
    return math.ldexp(numerator >> excess, excess - exponent)


def verdict(p: float, gain: float) -> str:
    """How the second of two compares with the first: by a corrected p-value, and how much better it looks."""
    return "no difference" if p >= SIGNIFICANT else "better" if gain > 0 else "worse"


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, raised so that the chance of any false alarm stays what it is for one (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = largest
    return adjusted
