"""Prediction by several ranks: each takes a share of the images, and the answers keep the order of the input.

The first rank knows the images. Some hundreds for each rank at a time, it sends their names, or the bytes of images
that are no files, and gets the answers. A prediction does not depend on the images that come with it, so that answers
are the same for any number of ranks.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from nncli.machine.ranks import come_from_the_first, share
from nncli.model.predictor import Predictor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nncli.machine.ranks import Ranks
    from nncli.model.file import Model
    from nncli.model.predictor import Prediction, Source

EACH = 256
"""Most images that a rank gets at a time."""


class _Asked(NamedTuple):
    """Arguments of `Predictor`."""

    model: Model
    tells_known: bool
    answers_seen: bool
    tells_strangeness: bool


class RankedPredictor:
    """A predictor that divides images among ranks, of which this one is the first; a context manager.

    Args:
        model, tells_known, answers_seen, tells_strangeness: As of `Predictor`.
        ranks: Several; all but the first are to `help_predict` until this context ends.
    """

    def __init__(
        self, model: Model, ranks: Ranks, *, tells_known: bool, answers_seen: bool, tells_strangeness: bool
    ) -> None:
        self.model, self._ranks = model, ranks
        asked = ranks.from_first(lambda: _Asked(model, tells_known, answers_seen, tells_strangeness))
        self._predictor = _predictor(asked)

    def __enter__(self) -> RankedPredictor:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._ranks.from_first(lambda: None)

    def predict(self, sources: Iterable[Source]) -> Iterator[Prediction]:
        """As of `Predictor`."""
        for predictions in self.predict_batches([sources]):
            yield from predictions

    def predict_batches(self, lots: Iterable[Iterable[Source]]) -> Iterator[list[Prediction]]:
        """As of `Predictor`, but for up to `EACH` images of every rank at once."""
        for lot in lots:
            sources = iter(lot)
            while some := list(islice(sources, EACH * self._ranks.size)):
                self._ranks.from_first(lambda some=some: some)  # type: ignore[misc]
                yield _predicted(self._predictor, some, self._ranks)


def help_predict(ranks: Ranks) -> None:
    """Predict this rank's share of everything that the first one asks for."""
    predictor = _predictor(ranks.from_first(come_from_the_first))
    while (some := ranks.from_first(come_from_the_first)) is not None:
        _predicted(predictor, some, ranks)


def _predictor(asked: _Asked) -> Predictor:
    return Predictor(
        asked.model,
        tells_known=asked.tells_known,
        answers_seen=asked.answers_seen,
        tells_strangeness=asked.tells_strangeness,
    )


def _predicted(predictor: Predictor, some: list[Source], ranks: Ranks) -> list[Prediction]:
    """The predictions of some images, in their order; all ranks do it together."""
    own = list(predictor.predict(some[share(ranks, len(some))]))
    return [prediction for part in ranks.gathered(own) for prediction in part]
