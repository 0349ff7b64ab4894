"""Several ranks predict what one does, in the order of the input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nncli.model import ranked_prediction
from nncli.model.file import read_model
from nncli.model.predictor import Predictor
from nncli.model.ranked_prediction import RankedPredictor, help_predict
from tests.cli.tiny import write_three
from tests.folders import write_image
from tests.thread_ranks import in_ranks

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.machine.ranks import Ranks
    from nncli.model.predictor import Prediction


def told(predictions: list[Prediction]) -> list[tuple[str, bytes, str]]:
    """Everything that is told of some images."""
    return [(each.path, each.probabilities.tobytes(), each.error) for each in predictions]


@pytest.mark.parametrize("size", [2, 3])
def test_answers_keep_their_order(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more images than the ranks get at a time, one damaged and one no file, asked for twice."""
    monkeypatch.setattr(ranked_prediction, "EACH", 2)
    model = read_model(write_three(tmp_path / "three.npz"))
    paths = [str(write_image(tmp_path / f"{i}.png", 20 * i, seed=i)) for i in range(11)]
    (tmp_path / "4.png").write_bytes(b"no image")
    sources: list[tuple[str, str | bytes]] = [(path, path) for path in paths]
    sources[6] = ("-", (tmp_path / "9.png").read_bytes())
    expected = told(list(Predictor(model).predict(sources)))

    def work(ranks: Ranks) -> list[list[tuple[str, bytes, str]]]:
        if ranks.rank:
            help_predict(ranks)
            return []
        with RankedPredictor(model, ranks, tells_known=False, answers_seen=True, tells_strangeness=False) as predictor:
            return [told(list(predictor.predict(sources))) for _ in range(2)]

    assert [expected, expected] == in_ranks(size, work)[0]
