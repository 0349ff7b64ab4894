"""Prediction by this process, or by all that a launcher has started."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nncli.cli.together import together
from nncli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nncli.machine.ranks import Ranks
    from nncli.model.file import Model
    from nncli.model.predictor import Predictor
    from nncli.model.ranked_prediction import RankedPredictor


@contextmanager
def predicting(
    model: Model, backend: str, *, tells_known: bool = False, answers_seen: bool = True, tells_strangeness: bool = False
) -> Iterator[Predictor | RankedPredictor]:
    """A predictor of a model, see `Predictor`; or one that divides the work.

    Raises:
        UsageError: There is no such backend here, or it is not for several processes.
    """
    if together.ranks is None:
        from nncli.machine.backend import open_backend
        from nncli.model.predictor import Predictor

        like = open_backend(backend)
        yield Predictor(
            model,
            tells_known=tells_known,
            answers_seen=answers_seen,
            tells_strangeness=tells_strangeness,
            like=like,
        )
        return
    if backend != "numpy":
        raise UsageError(f"--backend {backend} is for one process; leave out the MPI launcher, or choose numpy")
    from nncli.model.ranked_prediction import RankedPredictor

    with RankedPredictor(
        model, together.ranks, tells_known=tells_known, answers_seen=answers_seen, tells_strangeness=tells_strangeness
    ) as ranked:
        yield ranked


def help_predicting(ranks: Ranks) -> None:
    """Work of the other processes while the first one has a context of `predicting`."""
    from nncli.model.ranked_prediction import help_predict

    help_predict(ranks)
