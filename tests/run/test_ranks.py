"""A run by several ranks is the run of one process, divided."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.errors import DataError
from nncli.machine.ranks import ALONE, share
from nncli.run.cross_validation import CrossValidated, CrossValidation, FoldHooks, help_cross_validation
from nncli.run.hooks import NOBODY, Hooks
from nncli.run.loading import hand_out, handed_out, load
from nncli.run.pipeline import help_run, run_plan, train
from nncli.run.resuming import plan_resumed
from nncli.run.training_data import training_batches
from nncli.training import rank_communicator, shared_memory
from tests.fixtures import plan_of
from tests.folders import write_class_folders
from tests.thread_ranks import ThreadRank, in_ranks

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.machine.ranks import Ranks
    from nncli.run.hooks import Counts
    from nncli.run.plan import Plan
    from nncli.run.training import Training

SECTIONS: dict[str, dict[str, Any]] = {
    "pixels": {"training": {"epochs": 2, "batch_size": 10, "optimizer": "adam"}},
    "clipped": {"training": {"epochs": 2, "batch_size": 7, "gradient_clip_norm": 0.05, "l2": 0.1}},
    "dropout": {"network": {"layer_dims": "[auto, 6, auto]", "dropout": 0.4}, "training": {"epochs": 2}},
    "normalized": {
        "network": {"normalization": "batch"},
        "training": {"epochs": 2, "batch_size": 10, "mixing": "cutmix"},
    },
    "augmented": {"data": {"augmentation": "photos"}, "training": {"epochs": 2}},
    "features": {
        "data": {
            "image_size": "[9, 9]",
            "features": "[patches: {size: 3, count: 4, grid: 2}, hog: {cell: 4}]",
            "augmentation": "mirror",
        },
        "network": {"project": "6"},
        "training": {"epochs": 2},
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes."""
    write_class_folders(tmp_path / "photos", {"dark": 22, "light": 19}, size=(9, 9))
    return tmp_path


def trained(plan: Plan, ranks: Ranks = ALONE) -> Training:
    """A training of a plan, which the first rank hands out, by this rank."""
    own = handed_out(ranks)[0] if ranks.rank else hand_out(plan, None, ranks)
    return train(load(own, NOBODY, None, ranks))


def losses(training: Training) -> list[float]:
    """Losses of every epoch, of training and validation images."""
    return [loss for each in training.trainer.state.history for loss in (each.loss, each.val_loss or 0)]


@pytest.mark.parametrize("name", SECTIONS)
def test_as_many_ranks_as_you_like_train_the_same_network(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses of every epoch, parameters and predictions are those of one process, up to rounding."""
    plan = plan_of(folder, **SECTIONS[name])
    alone = trained(plan)
    monkeypatch.setattr(rank_communicator, "PIECE", 20)
    for size, large in ((2, rank_communicator.LARGE), (4, 0)):  # gradients as one, and in pieces
        monkeypatch.setattr(rank_communicator, "LARGE", large)
        for training in in_ranks(size, lambda ranks: trained(plan, ranks)):
            np.testing.assert_allclose(losses(training), losses(alone), rtol=0, atol=1e-5)
            np.testing.assert_allclose(training.trainer.parameters.flat, alone.trainer.parameters.flat, atol=1e-4)


@pytest.mark.parametrize("name", ["clipped", "features"])
def test_ranks_on_one_machine_share_the_network(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one, in memory that all see, and each updates a part; the figures are those of one process."""
    monkeypatch.setattr(shared_memory, "EAGER_LOOKS", 0)  # they are threads here: who waits is to let others work
    plan = plan_of(folder, **SECTIONS[name])
    alone = trained(plan)
    first, second = in_ranks(2, lambda ranks: trained(plan, ranks), n_machines=1)
    assert np.shares_memory(first.trainer.parameters.flat, second.trainer.parameters.flat)
    np.testing.assert_allclose(losses(second), losses(alone), rtol=0, atol=1e-5)
    np.testing.assert_allclose(first.trainer.parameters.flat, alone.trainer.parameters.flat, atol=1e-4)


SHARDS: dict[str, dict[str, Any]] = {
    "augmented": SECTIONS["augmented"] | {"network": {"layer_dims": "[auto, 6, auto]", "dropout": 0.4}},
    "features": SECTIONS["features"],
    "few in a batch": {
        "data": {"scaling": "standardize"},
        "network": {"normalization": "batch"},
        "training": {
            "epochs": 2,
            "batch_size": 3,
            "class_weights": "balanced",
            "mixing": "cutout",
            "precision": "float64",
        },
    },
    "looks": {
        "data": {"image_size": "[12, 12]", "features": "[hog: {cell: 4}]", "looks": "parts", "augmentation": "mirror"},
        "network": {"project": "5"},
        "training": {"epochs": 2, "batch_size": 10},
    },
}
"""Settings of which each reads the training images in its own way."""


@pytest.mark.parametrize("name", SHARDS)
def test_ranks_that_hold_images_of_their_own_train_the_same_network(name: str, folder: Path) -> None:
    """No rank has more training images than its share, and losses, parameters and model are those of one process."""
    next((folder / "photos").glob("*/*.png")).write_bytes(b"no image")
    data = {**SHARDS[name].get("data", {}), "placement": "shards", "on_bad_image": "skip"}
    alone = trained(plan := plan_of(folder, **{**SHARDS[name], "data": data}))
    expected, n_images = alone.finish(), alone.experiment.training.n_images
    for size in (2, 4):
        trainings = in_ranks(size, lambda ranks: trained(plan, ranks), n_machines=size // 2)
        assert n_images == sum(len(training.experiment.training.pixels) for training in trainings)
        for training in trainings:
            n_looks, inputs = max(training.experiment.n_looks, 1), training.trainer.training_set.inputs  # type: ignore[attr-defined]
            assert len(training.experiment.training.pixels) <= n_images // size + 1
            assert len(training.experiment.plan.training_files.paths) <= n_images // size + 1
            assert len(inputs._rows._pixels) <= (n_images // size + 1) * n_looks
            np.testing.assert_allclose(losses(training), losses(alone), rtol=0, atol=1e-5)
            np.testing.assert_allclose(training.trainer.parameters.flat, alone.trainer.parameters.flat, atol=1e-4)
            assert alone.experiment.fingerprint == training.experiment.fingerprint
        actual = trainings[0].finish()
        assert expected.metrics.keys() == actual.metrics.keys()
        np.testing.assert_array_equal(actual.model.evidence.known.training, alone.experiment.known.training)  # type: ignore[union-attr]
        np.testing.assert_allclose(actual.evaluation.probabilities, expected.evaluation.probabilities, atol=1e-4)


def test_every_rank_has_the_features_of_all_images(folder: Path) -> None:
    """Dictionary, scaling and projection are the same to the bit, and so is every row, whoever computed it."""
    plan = plan_of(folder, **SECTIONS["features"])

    def everything(ranks: Ranks = ALONE) -> list[Any]:
        experiment = load(plan, NOBODY, None, ranks)
        training, validation = training_batches(experiment, 8, np.float32)
        assert experiment.features
        assert experiment.span.projection
        assert validation
        rows = [X.copy() for X, _ in training.shuffled(3, 1)] + [X.copy() for X, _ in validation.in_order()]
        learned = [*experiment.column.arrays().values(), experiment.scaling.scale, experiment.span.projection.matrix]
        return [*learned, *rows]

    alone = everything()
    for found in in_ranks(3, everything):
        for expected, actual in zip(alone, found, strict=True):
            np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("placement", "n_later"), [("shared", 2), ("shards", 2), ("shards", 1)])
def test_a_stopped_run_goes_on_with_another_number_of_ranks(placement: str, n_later: int, folder: Path) -> None:
    """Three ranks stop in the second epoch, fewer finish it, as one process does that was never stopped."""
    training = {"epochs": 3, "batch_size": 8, "optimizer": "adam"}
    plan = plan_of(folder, training=training, data={"placement": placement})
    straight = trained(plan).trainer.state.history

    class Stopping(Hooks):
        left = 7  # five batches an epoch

        def should_stop(self) -> bool:
            self.left -= 1
            return self.left <= 0

    def begin(ranks: Ranks) -> None:
        if ranks.rank:
            help_run(ranks)
        else:
            run_plan(plan, Stopping(), out=folder / "run", ranks=ranks)

    def go_on(ranks: Ranks) -> None:
        if ranks.rank:
            help_run(ranks)
        else:
            run_plan(plan_resumed(folder / "run", ranks=ranks), resume=folder / "run", ranks=ranks)

    in_ranks(3, begin)
    assert 1 < len((folder / "run" / "history.csv").read_text().splitlines()) < 4
    in_ranks(n_later, go_on)
    rows = (folder / "run" / "history.csv").read_text().splitlines()[1:]
    losses = [float(row.split(",")[1]) for row in rows]
    np.testing.assert_allclose(losses, [result.loss for result in straight], rtol=0, atol=1e-5)


class Counting(FoldHooks):
    """Whoever writes down how many features are announced, and then those that are told."""

    def __init__(self) -> None:
        self.counts: list[tuple[int, list[int]]] = []

    def on_features(self, n_images: int) -> Counts:
        """Write it down."""
        self.counts.append((n_images, []))
        return nullcontext(self.counts[-1][1].append)


def test_all_looks_at_images_are_announced_to_who_watches_folds(folder: Path, tmp_path: Path) -> None:
    """Their features are computed before the first fold, and a bar ends where it should."""
    hooks = Counting()
    CrossValidation(plan_of(folder, **SECTIONS["features"]), 2, None, tmp_path, hooks).run()
    announced, told = hooks.counts[0]
    assert announced == sum(told)


def test_folds_are_dealt_among_ranks(folder: Path) -> None:
    """Five folds in three rounds of two ranks: the answers of one process, and the first rank keeps them."""
    plan = plan_of(folder, **SECTIONS["features"])
    (folder / "alone").mkdir()
    (folder / "together").mkdir()
    alone = CrossValidation(plan, 5, None, folder / "alone").run()

    def validate(ranks: Ranks) -> CrossValidated | None:
        if ranks.rank:
            help_cross_validation(ranks, FoldHooks())
            return None
        return CrossValidation(plan, 5, None, folder / "together", None, ranks).run()

    together, _ = in_ranks(2, validate)
    assert alone
    assert together
    np.testing.assert_allclose(together.evaluation.probabilities, alone.evaluation.probabilities, atol=1e-5)
    assert [f"fold-{k}.npz" for k in range(1, 6)] == sorted(path.name for path in (folder / "together").iterdir())


def test_an_image_that_cannot_be_read_is_known_to_all_and_told_once(folder: Path) -> None:
    """Whoever was to decode it; only the first rank refuses to train."""
    bad = next((folder / "photos").glob("*/*.png"))
    bad.write_bytes(b"no image")
    plan, told = plan_of(folder), []

    def loading(ranks: Ranks) -> None:
        try:
            load(plan, NOBODY, None, ranks)
        except DataError as error:
            told.append((ranks.rank, str(error).splitlines()[0]))
            raise

    with pytest.raises(DataError):
        in_ranks(3, loading)
    assert [0] == [rank for rank, line in told if line.startswith(str(bad))]


def rank_of(rank: int, size: int) -> Ranks:
    """One that meets nobody."""
    return ThreadRank(rank, None, [None] * size)  # type: ignore[arg-type]


@pytest.mark.parametrize("m", [0, 1, 5, 12])
def test_shares_are_equal_and_leave_nothing_out(m: int) -> None:
    """Give or take one."""
    parts = [range(m)[share(rank_of(rank, 5), m)] for rank in range(5)]
    assert list(range(m)) == [item for part in parts for item in part]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
