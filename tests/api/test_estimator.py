"""``ImageClassifier``: fit and predict on arrays, in the manner of scikit-learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli import ImageClassifier, NncliError, train

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PLAIN = {
    "data.image_size": [4, 4],
    "data.color": "grayscale",
    "data.scaling": "standardize",
    "network.layer_dims": ["auto", "auto"],
    "training.epochs": 30,
    "training.batch_size": 8,
    "training.learning_rate": 0.05,
}


def images(n: int = 60, shape: tuple[int, ...] = (4, 4)) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Dark, gray and light noise in turn, with its labels."""
    kind = np.arange(n) % 3
    noise = np.random.default_rng(0).integers(0, 60, (n, *shape))
    return (noise + kind.reshape(-1, *[1] * len(shape)) * 90).astype(np.uint8), np.array(["z", "b", "m"])[kind]


@pytest.fixture(scope="module")
def fitted() -> ImageClassifier:
    """Trained on sixty images."""
    return ImageClassifier("plain", settings=PLAIN).fit(*images())


def test_labels_come_back_as_they_were(fitted: ImageClassifier) -> None:
    """Texts in sorted order, and the probabilities in that order."""
    X, y = images()
    assert ["b", "m", "z"] == fitted.classes_.tolist()
    assert fitted.score(X, y) > 0.9
    assert y[:3].tolist() == fitted.predict(X[:3]).tolist()
    assert (60, 3) == fitted.predict_proba(X).shape
    assert 9 == fitted.metrics_["images"]


@pytest.mark.parametrize("labels", [[30, 4, 100], [-1.5, 0.0, 2.5], [True, False, True]])
def test_labels_can_be_numbers(labels: list[Any]) -> None:
    """More than ten of them would not be in the order of their texts."""
    X, _ = images()
    y = np.array(labels)[np.arange(60) % 3]
    fitted = ImageClassifier("plain", settings=PLAIN).fit(X, y.tolist())
    assert sorted(set(labels)) == fitted.classes_.tolist()
    assert y.dtype == fitted.predict(X).dtype


def test_more_than_ten_classes_keep_their_order() -> None:
    """Their folders are called 0 to 11, which are not in the order of the alphabet."""
    y = np.arange(120) % 12
    X = np.zeros((120, 4, 4), np.uint8)
    X.reshape(120, 16)[np.arange(120), y] = 255
    assert ImageClassifier("plain", settings=PLAIN).fit(X, y).score(X, y) > 0.8


@pytest.mark.parametrize(("recipe", "more"), [("plain", PLAIN), ("auto", {"training.effort": "quick"})])
def test_it_learns_what_train_learns_from_files(tmp_path: Path, recipe: str, more: dict[str, Any]) -> None:
    """The same images in class folders: the recipe sees the same, the split is the same, and so are the bits."""
    X, y = images(60, (9, 7))
    settings = {"training.recipe": recipe, **more, "training.epochs": 3}
    fitted = ImageClassifier(recipe, settings=settings).fit(X, y)
    for i, (image, label) in enumerate(zip(X, y, strict=True)):
        (tmp_path / "images" / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "images" / label / f"{i}.png")
    (tmp_path / "c.yaml").write_text("data: {path: images}")
    run = train(tmp_path / "c.yaml", settings, out=tmp_path / "run")
    np.testing.assert_array_equal(run.load().predict_proba(X), fitted.predict_proba(X))
    assert run.metrics["loss"] == fitted.metrics_["loss"]


def test_color_images_of_any_size_and_a_recipe() -> None:
    """The recipe looks at them and decides the rest."""
    X, y = images(60, (9, 7, 3))
    fitted = ImageClassifier(effort="quick", settings={"training.epochs": 3}).fit(X, y)
    assert 3 == fitted.classifier_.model.image_format.channels
    assert (5, 3) == fitted.predict_proba(X[:5]).shape


def test_the_same_seed_gives_the_same(fitted: ImageClassifier) -> None:
    """And another seed something else."""
    X, y = images()
    again, other = (ImageClassifier("plain", seed=seed, settings=PLAIN).fit(X, y) for seed in (0, 1))
    np.testing.assert_array_equal(fitted.predict_proba(X), again.predict_proba(X))
    assert (fitted.predict_proba(X) != other.predict_proba(X)).any()


def test_it_can_be_pickled(fitted: ImageClassifier) -> None:
    """Without the memory that predicting takes."""
    X, _ = images()
    pickled = pickle.dumps(fitted)
    assert b"Predictor" not in pickled
    np.testing.assert_array_equal(fitted.predict_proba(X), pickle.loads(pickled).predict_proba(X))  # noqa: S301


def test_parameters_are_got_and_set() -> None:
    """As scikit-learn clones and searches."""
    classifier = ImageClassifier(seed=3)
    assert {"recipe": "auto", "effort": "standard", "seed": 3, "settings": None} == classifier.get_params()
    assert "quick" == classifier.set_params(effort="quick", seed=4).get_params()["effort"]
    with pytest.raises(ValueError, match="has no parameter 'epochs'; there are recipe, effort, seed, settings"):
        classifier.set_params(epochs=3)


@pytest.mark.parametrize("y", [["a"] * 60, ["a", "b"] * 20])
def test_labels_that_do_not_fit_are_refused(y: list[str]) -> None:
    """One class alone, or another number of labels than of images."""
    with pytest.raises(ValueError, match=r"60 images have \d+ labels, \d different ones"):
        ImageClassifier().fit(images()[0], y)


def test_wrong_images_and_settings_are_refused() -> None:
    """By the messages of `predict` and of the config."""
    X, y = images()
    with pytest.raises(ValueError, match=r"an array of float64 \(4, 4\) is no image"):
        ImageClassifier().fit(X.astype(float), y)
    with pytest.raises(NncliError, match=r"Did you mean 'training\.epochs'"):
        ImageClassifier(settings={"training.epoch": 3}).fit(X, y)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither images nor a run, here or in the folder for temporary files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ImageClassifier("plain", settings={**PLAIN, "training.epochs": 1}).fit(*images())
    assert [] == list(tmp_path.iterdir())


def test_scikit_learn_is_not_imported() -> None:
    """It is not needed."""
    program = "import sys; from nncli import ImageClassifier; print('sklearn' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "False\n" == result.stdout


def test_scikit_learn_takes_it() -> None:
    """Cloned, cross-validated by classes, searched."""
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV, cross_val_score

    X, y = images()
    classifier = ImageClassifier("plain", settings=PLAIN)
    assert is_classifier(classifier)
    assert classifier.get_params() == clone(classifier).get_params()
    assert cross_val_score(classifier, X, y, cv=3).mean() > 0.8
    assert "classifier_" not in vars(classifier)
    few = {**PLAIN, "training.epochs": 1}
    search = GridSearchCV(classifier, {"settings": [few, PLAIN]}, cv=2).fit(X, y)
    assert {"settings": PLAIN} == search.best_params_
