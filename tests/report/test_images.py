"""Which thumbnails a page has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.evaluation.evaluation import Evaluation
from nncli.report.images import cells_of, choose, data_uri, thumbnails
from tests.folders import write_image

if TYPE_CHECKING:
    from pathlib import Path


def test_cells_begin_with_what_is_worth_a_look() -> None:
    """The surest mistake, and the least sure right answer."""
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.4, 0.6], [0.2, 0.8]], np.float32)
    evaluation = Evaluation(("a", "b"), ["0", "1", "2", "3"], np.array([0, 0, 0, 0]), probabilities)
    assert {(0, 0): [1, 0], (0, 1): [3, 2]} == cells_of(evaluation)


def test_every_cell_gets_one_image_before_any_gets_two() -> None:
    """What is right before the many kinds of mistakes, and nothing twice."""
    cells = {(0, 0): [1, 2, 3], (0, 1): [4, 5], (1, 0): [6]}
    assert [5, 1, 4, 6, 2] == choose(cells, [5], 5)
    assert [5, 4] == choose(cells, [5, 4], 2)
    assert {1, 2, 3, 4, 5, 6} == set(choose(cells, [], 100))


def test_small_images_stay_small(tmp_path: Path) -> None:
    """And what cannot be read has no thumbnail."""
    path = str(write_image(tmp_path / "a.png", 90, size=(20, 20)))
    uris = thumbnails([str(tmp_path / "missing.png"), path])
    assert [1] == list(uris)
    assert uris[1].startswith("data:image/webp;base64,")
    assert {} == thumbnails([])
    assert data_uri(b"\x89PNG").startswith("data:image/png;")


def test_there_is_an_end_to_their_size(tmp_path: Path) -> None:
    """The first ones that fit."""
    paths = [str(write_image(tmp_path / f"{k}.png", 90, seed=k, size=(20, 20))) for k in range(3)]
    whole = thumbnails(paths)
    assert [0, 1] == list(thumbnails(paths, sum(map(len, whole.values())) - 1))
