"""The training loop: what it learns, what it keeps, where it stops, and that it can go on."""

from __future__ import annotations

import copy
import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.batches import Batches
from nncli.data.network_inputs import NetworkInputs
from nncli.data.pixel_rows import PixelRows
from nncli.data.scaling import zero_one
from nncli.errors import TrainingError
from nncli.network.forward_propagation import forward
from nncli.network.initialization import initialize
from nncli.network.normalization import fold
from nncli.network.optimization import Adam, GradientDescent
from nncli.network.parameters import Parameters, Workspace
from nncli.training.gradient_check import check_trainer
from nncli.training.loop import Trainer
from nncli.training.mixing import Mixing
from nncli.training.schedules import LearningRate
from nncli.training.settings import Settings
from nncli.training.state import EpochResult, score
from nncli.training.validation import count_correct
from tests import reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIMS = (6, 5, 3)


def images(m: int = 60, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Random images of three classes, each brighter in its own third of the pixels, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(m) % 3
    pixels = rng.integers(0, 160, (m, 6)).astype(np.uint8)
    for c in range(3):
        pixels[labels == c, 2 * c : 2 * c + 2] += 90
    return pixels, labels


def columns(m: int = 60, seed: int = 0) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The same as network input, (n_0, m)."""
    pixels, labels = images(m, seed)
    return pixels.T / np.float32(255), labels


def of_images(pixels: NDArray[np.uint8], labels: NDArray[np.intp], batch_size: int, dtype: Any = np.float64) -> Batches:
    """Batches of them."""
    return Batches(NetworkInputs(PixelRows(pixels), zero_one(pixels), dtype), labels, batch_size)


def batches(m: int = 60, batch_size: int = 16, seed: int = 0, dtype: Any = np.float64) -> Batches:
    """Batches of such images."""
    return of_images(*images(m, seed), batch_size, dtype)


def trainer(epochs: int = 5, alpha: float = 0.05, validation: bool = True, **options: Any) -> Trainer:
    """A small training, always the same."""
    training_set = batches(batch_size=options.pop("batch_size", 16))
    kind = {"normalization": options.pop("normalization", "none"), "n_members": options.pop("n_members", 1)}
    parameters = Parameters(DIMS, np.float64, **kind)
    initialize(parameters, np.random.default_rng(0))
    rate = LearningRate(alpha, "constant", epochs, len(training_set))
    validation_set = batches(30, 7, seed=1) if validation else None
    optimizer = options.pop("optimizer", Adam)(parameters.learned)
    return Trainer(parameters, optimizer, rate, training_set, validation_set, Settings(epochs, **options))


def gradient_descent(_theta: Any) -> GradientDescent:
    """The plainest optimizer."""
    return GradientDescent()


def without_seconds(history: list[EpochResult]) -> list[tuple[Any, ...]]:
    """What is the same in two equal trainings."""
    return [(r.epoch, r.loss, r.accuracy, r.val_loss, r.val_accuracy, r.learning_rate) for r in history]


def test_it_learns() -> None:
    """The loss falls and a separable problem is learned."""
    results = list(trainer(epochs=60).run())
    assert 60 == len(results)
    assert results[-1].loss < 0.3 * results[0].loss
    assert results[-1].accuracy is not None
    assert results[-1].accuracy > 0.95
    assert results[-1].val_accuracy is not None
    assert results[-1].val_accuracy > 0.8


def test_one_full_batch_step_is_the_formula() -> None:
    """An epoch of one full batch moves the parameters by exactly the reference's gradient, and reports its cost."""
    made = trainer(epochs=1, alpha=0.5, optimizer=gradient_descent, batch_size=60, l2=0.1)
    start = copy.deepcopy(made.parameters)
    X, Y = columns()
    dW, db, *_ = reference.gradients(start.W, start.b, X, Y, "relu", l2=0.1)
    (result,) = made.run()
    for l in (1, 2):
        np.testing.assert_allclose(made.parameters.W[l], start.W[l] - 0.5 * dW[l], rtol=1e-6)
        np.testing.assert_allclose(made.parameters.b[l], start.b[l] - 0.5 * db[l], rtol=1e-6)
    assert reference.cost(start.W, start.b, X, Y, "relu") == pytest.approx(result.loss, rel=1e-6)


def test_every_example_is_seen_once_per_epoch() -> None:
    """The batches of an epoch add up to the training set, the last one shorter."""
    sizes: list[int] = []
    list(trainer(epochs=1).run(on_batch=sizes.append))
    assert [16, 16, 16, 12] == sizes


def test_class_weights_scale_a_class_s_examples() -> None:
    """With weight 0 for a class its examples change nothing: training without them ends at the same parameters."""
    weighted = trainer(
        epochs=3, optimizer=gradient_descent, batch_size=60, class_weights=np.array([1.0, 1.0, 0.0]), validation=False
    )
    list(weighted.run())
    without = trainer(epochs=3, alpha=0.05 * 40 / 60, optimizer=gradient_descent, batch_size=60, validation=False)
    pixels, labels = images()
    without.training_set = of_images(pixels[labels != 2], labels[labels != 2], 60)
    list(without.run())
    np.testing.assert_allclose(without.parameters.flat, weighted.parameters.flat, rtol=1e-9)


def test_the_best_epoch_is_kept_not_the_last() -> None:
    """`best` holds the parameters of the epoch with the best validation score."""
    made = trainer(epochs=12, alpha=0.1)
    snapshots = [(score(result, "accuracy"), made.parameters.flat.copy()) for result in made.run()]
    best = max(range(12), key=lambda i: (snapshots[i][0], -i))
    assert best + 1 == made.state.best_epoch < 12
    np.testing.assert_array_equal(snapshots[best][1], made.state.best)


def test_without_validation_the_last_epoch_is_kept() -> None:
    """There is nothing to judge by, so training to the end is taken at its word."""
    made = trainer(epochs=4, validation=False)
    results = list(made.run())
    assert 4 == made.state.best_epoch
    assert results[-1].val_loss is None
    np.testing.assert_array_equal(made.parameters.flat, made.state.best)


def test_patience_stops_after_so_many_epochs_without_a_better_one() -> None:
    """Early stopping counts from the best epoch."""
    made = trainer(epochs=500, alpha=0.3, patience=4)
    list(made.run())
    assert made.stopped_early
    assert made.state.best_epoch + 4 == made.state.epoch < 500


def test_scores() -> None:
    """Accuracy first and loss between equals; or the loss alone."""
    good = EpochResult(1, 0, 0, val_loss=0.5, val_accuracy=0.9, learning_rate=0, seconds=0)
    sure = EpochResult(2, 0, 0, val_loss=0.4, val_accuracy=0.9, learning_rate=0, seconds=0)
    late = EpochResult(3, 0, 0, val_loss=0.3, val_accuracy=0.8, learning_rate=0, seconds=0)
    assert score(late, "accuracy") < score(good, "accuracy") < score(sure, "accuracy")
    assert score(good, "loss") < score(sure, "loss") < score(late, "loss")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dropout": 0.4},
        {"normalization": "batch", "mixing": Mixing("cutmix"), "dropout": 0.2},
        {"normalization": "layer", "mixing": Mixing("mixup", alpha=0.3), "label_smoothing": 0.1},
        {"mixing": Mixing("cutout")},
        {"n_members": 2, "dropout": 0.2, "normalization": "batch"},
    ],
)
@pytest.mark.parametrize("stop_after", [1, 3, 4, 5, 11, 20])
def test_stopping_and_continuing_changes_nothing(options: dict[str, Any], stop_after: int) -> None:
    """Stopped after any batch and run again, a training ends as if it had never been stopped, to the bit."""
    straight = trainer(**options)
    expected = without_seconds(list(straight.run()))

    stopped = trainer(**options)
    counter = itertools.count(1)
    history = list(stopped.run(should_stop=lambda: next(counter) >= stop_after))
    assert stopped.state.epoch * 4 + stopped.state.batch <= max(stop_after, 1)
    history += list(stopped.run())
    assert expected == without_seconds(history)
    np.testing.assert_array_equal(straight.parameters.flat, stopped.parameters.flat)
    np.testing.assert_array_equal(straight.state.best, stopped.state.best)


@pytest.mark.parametrize("validation", [True, False])
def test_a_stop_is_heard_after_an_epoch_of_one_batch(validation: bool) -> None:
    """The validation, which may take long, is left for the next time."""
    straight, stopped = (trainer(epochs=3, batch_size=60, validation=validation) for _ in range(2))
    expected = without_seconds(list(straight.run()))
    assert [] == list(stopped.run(should_stop=lambda: True))
    assert (0, 1) == (stopped.state.epoch, stopped.state.batch)
    assert expected == without_seconds(list(stopped.run()))
    np.testing.assert_array_equal(straight.state.best, stopped.state.best)


@pytest.mark.parametrize("asked", range(5, 11))
def test_a_stop_is_heard_in_the_validation(asked: int) -> None:
    """Between its batches, too: here the fifth question is the first of five in a validation."""
    straight, stopped = trainer(), trainer()
    expected = without_seconds(list(straight.run()))
    counter = itertools.count(1)
    before = len(list(stopped.run(should_stop=lambda: next(counter) >= asked)))
    assert int(asked == 10) == before
    assert expected[before:] == without_seconds(list(stopped.run()))
    np.testing.assert_array_equal(straight.parameters.flat, stopped.parameters.flat)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_what_is_saved_between_two_steps_can_be_continued(dropout: float) -> None:
    """Every moment that is offered for saving holds a whole state, time spent included."""
    straight = trainer(dropout=dropout)
    moments: list[Any] = []

    def save() -> None:
        state = straight.state
        moments.append(copy.deepcopy((straight.parameters.flat, straight.optimizer, state)))

    list(straight.run(between_steps=save))
    assert 20 == len(moments)
    for flat, optimizer, state in moments:
        resumed = trainer(dropout=dropout)
        resumed.parameters.flat[:] = flat
        resumed.optimizer, resumed.state = optimizer, state
        assert state.seconds > 0
        list(resumed.run())
        np.testing.assert_array_equal(straight.parameters.flat, resumed.parameters.flat)
        assert without_seconds(straight.state.history) == without_seconds(resumed.state.history)


@pytest.mark.filterwarnings("error")
def test_a_loss_that_is_not_finite_stops_with_a_hint_and_keeps_the_best() -> None:
    """Steps that are far too large are told in one line; what was good before is still there."""
    made = trainer(epochs=50, alpha=1e200, optimizer=gradient_descent, activation="leaky_relu")
    with pytest.raises(TrainingError, match=r"not finite in epoch \d+: .*learning_rate 1e\+199 instead of 1e\+200"):
        list(made.run())
    assert np.isfinite(made.state.best).all()


def test_gradient_clipping_bounds_a_step() -> None:
    """With clipping, one step of gradient descent is no longer than alpha times the norm allowed."""
    made = trainer(epochs=1, alpha=1.0, optimizer=gradient_descent, batch_size=60, gradient_clip_norm=1e-3)
    start = made.parameters.flat.copy()
    list(made.run())
    assert 1e-3 == pytest.approx(float(np.linalg.norm(made.parameters.flat - start)), rel=1e-6)


def test_the_seed_decides_the_order() -> None:
    """Another seed, another order of examples, other parameters; the same seed, the same."""
    ends = []
    for seed in (1, 1, 2):
        made = trainer(epochs=1, seed=seed)
        list(made.run())
        ends.append(made.parameters.flat)
    np.testing.assert_array_equal(ends[0], ends[1])
    assert (ends[0] != ends[2]).any()


def test_count_correct() -> None:
    """The largest probability decides; one output decides at one half."""
    assert 2 == count_correct(np.array([[0.1, 0.6, 0.3], [0.8, 0.3, 0.3], [0.1, 0.1, 0.4]]), np.array([1, 2, 2]))
    assert 2 == count_correct(np.array([[0.2, 0.7, 0.9]]), np.array([0, 1, 0]))


def test_the_training_loss_is_that_of_the_batches_before_their_steps() -> None:
    """With a learning rate of almost zero, every epoch reports the loss of the start."""
    made = trainer(epochs=2, alpha=1e-12, optimizer=gradient_descent)
    first, second = made.run()
    assert math.isclose(first.loss, second.loss, rel_tol=1e-9)
    assert first.accuracy == second.accuracy


def test_count_correct_with_soft_targets() -> None:
    """The heavier label counts."""
    Y_hat = np.array([[0.1, 0.6, 0.3], [0.8, 0.3, 0.3], [0.1, 0.1, 0.4]])
    assert 2 == count_correct(Y_hat, np.array([[0.3, 0.9, 0.8], [0.6, 0.1, 0.2], [0.1, 0, 0]]))
    assert 1 == count_correct(np.array([[0.2, 0.7]]), np.array([[0.1, 0.3]]))


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_it_learns_with_everything_on(normalization: str) -> None:
    """Normalization, mixing, smoothing and dropout together learn the separable problem too."""
    options: dict[str, Any] = {"mixing": Mixing("cutmix"), "label_smoothing": 0.1, "dropout": 0.1}
    results = list(trainer(epochs=60, normalization=normalization, **options).run())
    assert max(result.val_accuracy or 0 for result in results) > 0.8


def test_label_smoothing_is_in_the_training_loss_and_not_in_the_validation_loss() -> None:
    """With a learning rate of almost zero: the training loss is that of smoothed labels, the other one is unchanged."""
    options: dict[str, Any] = {"epochs": 1, "alpha": 1e-12, "optimizer": gradient_descent, "batch_size": 60}
    (plain,), (smoothed,) = trainer(**options).run(), trainer(label_smoothing=0.3, **options).run()
    made = trainer(**options)
    X, Y = columns()
    expected = reference.cost(made.parameters.W, made.parameters.b, X, 0.7 * np.eye(3)[Y].T + 0.1, "relu")
    assert expected == pytest.approx(smoothed.loss, rel=1e-6)
    assert plain.val_loss == pytest.approx(smoothed.val_loss, rel=1e-9)


def test_class_weights_are_not_smoothed() -> None:
    """A class of weight 0 keeps it: its examples change nothing, however smooth the labels."""
    options: dict[str, Any] = {"epochs": 1, "label_smoothing": 0.2, "batch_size": 60, "validation": False}
    weights = np.array([1.0, 1.0, 0.0])
    (both,) = trainer(class_weights=weights, **options).run()
    made = trainer(class_weights=weights, **options)
    X, Y = columns()
    targets = 0.8 * np.eye(3)[Y].T + 0.2 / 3
    expected = reference.cost(made.parameters.W, made.parameters.b, X, targets, "relu", weights=weights[Y])
    assert expected == pytest.approx(both.loss, rel=1e-6)


def test_validation_uses_the_running_statistics() -> None:
    """The validation loss of a network with batch normalization is that of the folded network."""
    made = trainer(epochs=3, normalization="batch")
    *_, last = made.run()
    X, Y = columns(30, seed=1)
    plain = fold(made.parameters)
    Y_hat = forward(plain, Workspace.of(plain, 30), X)
    loss = -np.log(Y_hat[Y, np.arange(30)]).mean()
    assert loss == pytest.approx(last.val_loss, rel=1e-5)
    assert (made.parameters.variance[1] != 1).all()


def test_a_short_batch_counts_for_less_in_the_running_statistics() -> None:
    """By its share of a full one: of 60 examples in batches of 16 the last one has 12."""
    made = trainer(epochs=1, alpha=1e-12, normalization="batch", optimizer=gradient_descent)
    sizes, mean = [], np.zeros(6)
    for step, (X, _) in enumerate(batches().shuffled(made.settings.seed, 0), start=1):
        sizes.append(X.shape[1])
        mean += X.shape[1] / 16 * max(0.1, 1 / step) * (X.mean(axis=1) - mean)
    list(made.run())
    assert [16, 16, 16, 12] == sizes
    np.testing.assert_allclose(mean, made.parameters.mean[1][:, 0], rtol=1e-9)


def test_no_optimizer_moves_the_running_statistics() -> None:
    """They stay within what the batches showed, however long the steps."""
    options: dict[str, Any] = {"optimizer": gradient_descent, "l2": 0.1, "gradient_clip_norm": 0.1}
    made = trainer(epochs=2, alpha=0.5, normalization="batch", **options)
    list(made.run())
    assert (made.parameters.variance[1] > 0).all()
    assert made.parameters.learned.size + 6 + 5 == made.parameters.flat.size


@pytest.mark.parametrize("optimizer", [Adam, gradient_descent])
def test_members_are_trained_as_if_each_were_alone(optimizer: Any) -> None:
    """The first member of an ensemble ends where a single network ends; the second elsewhere."""
    alone, three = (trainer(epochs=3, l2=0.1, optimizer=optimizer, n_members=n) for n in (1, 3))
    alone_history, history = list(alone.run()), list(three.run())
    for l in (1, 2):
        np.testing.assert_allclose(alone.parameters.W[l], three.parameters.members[0].W[l], rtol=1e-12)
        np.testing.assert_allclose(alone.parameters.b[l], three.parameters.members[0].b[l], rtol=1e-12)
        assert (three.parameters.members[0].W[l] != three.parameters.members[1].W[l]).all()
    assert alone_history[-1].loss != history[-1].loss


def test_the_training_loss_of_an_ensemble_is_the_mean_of_its_members() -> None:
    """Three equal members have the loss of one, not three times as much."""
    alone, three = (trainer(epochs=2, n_members=n) for n in (1, 3))
    for member in three.parameters.members:
        for l in (1, 2):
            member.W[l][...], member.b[l][...] = alone.parameters.W[l], alone.parameters.b[l]
    expected = [result.loss for result in alone.run()]
    assert expected == pytest.approx([result.loss for result in three.run()], rel=1e-12)


def test_validation_of_an_ensemble_is_its_vote() -> None:
    """Loss and accuracy are those of the averaged probabilities."""
    made = trainer(epochs=2, n_members=3)
    *_, last = made.run()
    workspace = Workspace.of(made.parameters, 30)
    X, Y = columns(30, seed=1)
    Y_hat = np.mean([forward(network, workspace, X).copy() for network in made.parameters.members], axis=0)
    assert -np.log(Y_hat[Y, np.arange(30)]).mean() == pytest.approx(last.val_loss, rel=1e-5)
    assert (Y_hat.argmax(axis=0) == Y).mean() == pytest.approx(last.val_accuracy)


def test_an_example_of_weight_2_counts_as_two() -> None:
    """And one of weight 0 not at all: the same parameters as with copies of the one and without the other."""
    pixels, labels = images(9)
    weights = np.array([2.0, 0, 1, 1, 1, 2, 0, 1, 1])

    def trained(places: Any, weights: Any = None) -> NDArray[Any]:
        parameters = Parameters(DIMS, np.float64)
        initialize(parameters, np.random.default_rng(0))
        inputs = NetworkInputs(PixelRows(pixels[places]), zero_one(pixels), np.float64)
        training_set = Batches(inputs, labels[places], len(places), weights=weights)
        rate = LearningRate(0.1, "constant", 5, 1)
        settings = Settings(5, class_weights=np.array([1.0, 3, 1]))
        trainer = Trainer(parameters, GradientDescent(), rate, training_set, None, settings)
        list(trainer.run())
        found = parameters.flat.copy()
        assert max(each.difference for each in check_trainer(trainer, 9, 10)) < 1e-6
        return found

    copies = np.repeat(np.arange(9), weights.astype(int))
    assert trained(copies).tolist() == pytest.approx(trained(np.arange(9), weights / weights.mean()).tolist())
