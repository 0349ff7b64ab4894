"""What a model keeps of its images, written and read; a file that says nonsense is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.near_copies import LENGTH
from nncli.errors import ModelFileError
from nncli.model.conformal import Conformal
from nncli.model.evidence import Evidence
from nncli.model.file import read_model, write_model
from nncli.model.known_images import KnownImages
from nncli.model.strangeness import Strangeness
from tests.fixtures import IMAGE_FORMAT, random_model

if TYPE_CHECKING:
    from pathlib import Path

N_0 = IMAGE_FORMAT.n_features


def evidence() -> Evidence:
    """Three training images, two validation images."""
    known = KnownImages(
        np.array([1, 5, 2**64 - 1], np.uint64), np.array([3, 4], np.uint64), np.ones((3, LENGTH), np.int8)
    )
    conformal = Conformal(np.array([0.5, 0.9], np.float32), np.array([0, 1]), 2)
    references = np.arange(3 * N_0).reshape(3, N_0).astype(np.int8)
    zeros = np.zeros(N_0, np.float32)
    strangeness = Strangeness(references, np.ones(3, np.float32), zeros, np.array([0.1, 0.2], np.float32))
    return Evidence(known, conformal, strangeness)


def same(expected: dict[str, Any], found: dict[str, Any]) -> bool:
    """Whether two models keep the same, to the bit."""
    return list(expected) == list(found) and all(np.array_equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize("parts", [("known", "conformal", "strangeness"), ("known",), ("conformal",), ()])
def test_it_is_read_as_it_was_written(tmp_path: Path, parts: tuple[str, ...]) -> None:
    """All of it, some, or nothing, as in models from before."""
    kept = Evidence(**{name: getattr(evidence(), name) for name in parts})
    write_model(tmp_path / "m.npz", replace(random_model(), evidence=kept))
    assert same(kept.arrays(), read_model(tmp_path / "m.npz").evidence.arrays())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("known.training", np.array([5, 1, 7], np.uint64)),  # not ascending
        ("known.training", np.array([1, 5, 7], np.int64)),
        ("known.training", np.zeros((3, 1), np.uint64)),
        ("known.near", np.ones((2, LENGTH), np.int8)),
        ("conformal.labels", np.array([0, 2], np.uint32)),  # of a class that there is not
        ("conformal.labels", np.array([0], np.uint32)),
        ("conformal.given", np.array([np.nan, 1], np.float32)),
        ("strangeness.references", np.ones((3, N_0 + 1), np.int8)),
        ("strangeness.hubness", np.ones(2, np.float32)),
        ("strangeness.center", np.full(N_0, np.inf, np.float32)),
    ],
)
def test_an_array_that_does_not_fit_is_refused(tmp_path: Path, name: str, value: Any) -> None:
    """With its name."""

    class Forged(Evidence):
        def arrays(self) -> dict[str, Any]:
            return {**super().arrays(), name: value}

    whole = evidence()
    write_model(
        tmp_path / "m.npz",
        replace(random_model(), evidence=Forged(whole.known, whole.conformal, whole.strangeness)),
    )
    with pytest.raises(ModelFileError, match=name.partition(".")[0]):
        read_model(tmp_path / "m.npz")


def test_a_missing_part_is_refused(tmp_path: Path) -> None:
    """Fingerprints of training images without those of validation images are no file of ours."""

    class Forged(Evidence):
        def arrays(self) -> dict[str, Any]:
            return {"known.training": np.array([1], np.uint64)}

    write_model(tmp_path / "m.npz", replace(random_model(), evidence=Forged()))
    with pytest.raises(ModelFileError, match=r"known\.validation"):
        read_model(tmp_path / "m.npz")
