"""A table in several files, of which each rank reads its own."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.config import load_config
from nncli.data.divided_table import DividedTable, Division, read_divided
from nncli.data.reading import Reading
from nncli.errors import DataError, NncliError, UsageError
from nncli.machine.ranks import ALONE
from nncli.run.hooks import NOBODY
from nncli.run.loading import hand_out, handed_out, load
from nncli.run.pipeline import train
from nncli.run.plan import plan_experiment
from tests.folders import write_class_folders, write_config
from tests.thread_ranks import in_ranks

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.machine.ranks import Ranks
    from nncli.run.training import Training

LABELED = "a b", "b c", "a a", "c b", "b a"
"""The classes in each of five files: none of them has all."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five files of eight rows each, and their images."""
    write_class_folders(tmp_path / "parts" / "photos", dict.fromkeys("abc", 20), size=(4, 4))
    images = {name: iter(sorted((tmp_path / "parts" / "photos" / name).iterdir())) for name in "abc"}
    for number, names in enumerate(LABELED):
        rows = [f"photos/{name}/{next(images[name]).name},{name}" for name in names.split() * 4]
        (tmp_path / "parts" / f"{number}.csv").write_text("\n".join(["path,label", *rows]))
    return tmp_path


def division(folder: Path) -> Division:
    """The table, a quarter of whose images are for validation."""
    return Division(str(folder / "parts" / "*.csv"), Reading(), 0.25, 3)


@pytest.mark.parametrize("size", [2, 5])
def test_each_rank_lists_the_images_of_its_files(size: int, folder: Path) -> None:
    """Together the list of one process; classes and validation images are the same for all, and no image is both."""
    alone = read_divided(division(folder), ALONE)
    found: list[DividedTable] = in_ranks(size, lambda ranks: read_divided(division(folder), ranks))
    training, validation = alone.split(0, 0)
    assert training.paths == tuple(path for source in found for path in source.split(0, 0)[0].paths)
    assert training.labels == tuple(label for source in found for label in source.split(0, 0)[0].labels)
    for source in found:
        assert ("a", "b", "c") == source.classes
        assert validation == source.split(0, 0)[1]
        assert len(training.paths) == len(source.splits["all"].paths) + source.n_elsewhere
    assert 40 == len({*training.paths, *validation.paths})
    assert 4 <= len(validation.paths) <= 16
    assert alone.seen(training) == found[0].seen(found[0].split(0, 0)[0])


def test_about_as_many_of_each_class_are_for_validation() -> None:
    """As many as the fraction says, give or take what chance does, and others with another seed."""
    names = [f"/{name}/{number}.png" for name in "ab" for number in range(2_000)]
    chosen = [
        [name for name in names if Division("*", Reading(), 0.1, seed).is_for_validation(name)] for seed in (0, 1)
    ]
    for its in chosen:
        for count in Counter(name[1] for name in its).values():
            assert abs(count - 200) < 60
    assert len(set(chosen[0]) & set(chosen[1])) < 100


def test_ranks_that_read_their_own_files_train_the_same_network(folder: Path) -> None:
    """Losses and parameters are those of one process, and no rank has listed more images than its files have."""
    data: dict[str, object] = {"placement": "shards", "image_size": "[4, 4]"}
    steps: dict[str, object] = {"epochs": 2, "batch_size": 8}
    config = load_config(write_config(folder / "c.yaml", "parts/*.csv", data=data, training=steps))

    def trained(ranks: Ranks = ALONE) -> Training:
        plan = hand_out(plan_experiment(config, ranks=ranks), None, ranks) if ranks.rank == 0 else handed_out(ranks)[0]
        return train(load(plan, NOBODY, None, ranks))

    alone = trained()
    for size in (2, 4):
        for training in in_ranks(size, trained):
            assert len(training.experiment.plan.training_files.paths) <= 8 * -(-5 // size)
            assert alone.experiment.training.n_images == training.experiment.training.n_images
            for ours, its in zip(alone.trainer.state.history, training.trainer.state.history, strict=True):
                assert its.loss == pytest.approx(ours.loss, abs=1e-5)
                assert its.val_loss == pytest.approx(ours.val_loss, abs=1e-5)
            np.testing.assert_allclose(training.trainer.parameters.flat, alone.trainer.parameters.flat, atol=1e-4)


def test_what_takes_the_whole_list_is_refused(folder: Path) -> None:
    """More ranks than files, a file with mistakes, a column of groups, and data.groups."""
    with pytest.raises(UsageError, match="5 files for 6 ranks"):
        in_ranks(6, lambda ranks: read_divided(division(folder), ranks))
    with pytest.raises(NncliError, match=re.escape("data.groups keeps images together")):
        data: dict[str, object] = {"placement": "shards", "groups": "folder"}
        plan_experiment(load_config(write_config(folder / "c.yaml", "parts/*.csv", data=data)))
    rows = (folder / "parts" / "4.csv").read_text().splitlines()
    (folder / "parts" / "4.csv").write_text("\n".join([f"{rows[0]},group", *(f"{row},7" for row in rows[1:])]))
    with pytest.raises(DataError, match=r"4\.csv: groups, an order or side cameras"):
        in_ranks(2, lambda ranks: read_divided(division(folder), ranks))
    (folder / "parts" / "4.csv").write_text(f"{rows[0]}\nnowhere.png,a\n")
    with pytest.raises(NncliError, match=r"4\.csv:2:"):
        in_ranks(2, lambda ranks: read_divided(division(folder), ranks))
