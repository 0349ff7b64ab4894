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


def test_sets_hold_the_right_label_as_often_as_promised(fitted: ImageClassifier) -> None:
    """One row for each image, in the order of the classes; arrays and lists of images get the same."""
    X, y = images()
    sets = fitted.predict_set(X, confidence=0.8)
    assert (60, 3) == sets.shape
    assert sets[np.arange(60), np.searchsorted(fitted.classes_, y)].mean() >= 0.8
    assert sets.any(axis=1).all()
    np.testing.assert_array_equal(sets[:4], fitted.predict_set(list(X[:4]), confidence=0.8))
    with pytest.raises(ValueError, match=r"confidence is 90; give a number between 0 and 1, such as 0.9"):
        fitted.predict_set(X, confidence=90)


def test_strange_images_are_told(tmp_path: Path) -> None:
    """Stripes are unlike the noise that was trained on, as array, list and file."""
    X, y = images(160)
    fitted = ImageClassifier("plain", settings=PLAIN).fit(X, y)
    stripes = np.zeros((2, 4, 4), np.uint8)
    stripes[:, ::2] = 255
    assert fitted.strangeness(X).mean() < 0.7
    told = fitted.strangeness(stripes)
    assert (told > 0.9).all()
    Image.fromarray(stripes[0]).save(tmp_path / "x.png")
    np.testing.assert_allclose(told, fitted.strangeness([stripes[0], tmp_path / "x.png"]))


def test_a_model_that_cannot_tell_says_so(fitted: ImageClassifier) -> None:
    """Nine validation images are too few for strangeness; none promise nothing."""
    with pytest.raises(ValueError, match="cannot tell what is strange; train again, with 20 or more validation"):
        fitted.strangeness(images()[0])
    X, y = images(9)
    nothing = ImageClassifier("plain", settings=PLAIN | {"data.validation_split": 0}).fit(X, y)
    with pytest.raises(ValueError, match="cannot promise anything; train it again, with validation images"):
        nothing.predict_set(X)


@pytest.mark.parametrize("labels", [[30, 4, 100], [-1.0, 0.0, 2.0], [True, False, True]])
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


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed"),
        (["a"] * 60, "one class for 60 images, a; there must be two or more"),
        (["a", "b"] * 20, "X has 60 images and y has 40 labels; give one label per image"),
        (["a"], "X has 60 images and y has 1 label"),
        ("a", r"y is an array \(\); give one label per image, \(60,\)"),
        (np.eye(3)[np.arange(60) % 3], r"y is an array \(60, 3\); .*; of one-hot rows, y.argmax\(axis=1\)"),
        ([np.nan, 1.0] * 30, "y contains NaN; leave those images out"),
        ([np.inf, 1.0] * 30, "y contains infinity; leave those images out"),
        ([None, "a"] * 30, "y contains None; leave those images out"),
        (np.array([np.nan, "a"] * 30, object), "y contains nan; leave those images out"),
        (np.array(["2020-01-01", "NaT"] * 30, "M8[D]"), "y contains N"),
        (np.arange(60) / 7, r"Unknown label type: continuous; y holds numbers such as 0\.14.*y\.astype\(str\)"),
        ([1, "a"] * 30, "y holds texts and 1; give labels of one kind"),
        (np.array([(1,), "a"] * 30, object), "the labels in y cannot be sorted"),
    ],
)
def test_labels_that_do_not_fit_are_refused(y: Any, message: str) -> None:
    """With the way out; what NumPy would broadcast, or what equals nothing, would be a wrong number."""
    with pytest.raises(ValueError, match=message):
        ImageClassifier().fit(images()[0], y)


def test_labels_in_a_column_are_taken_with_a_warning(fitted: ImageClassifier) -> None:
    """As one-dimensional ones; compared as they are, each label would meet each image."""
    X, y = images()
    with pytest.warns(UserWarning, match="A column-vector y was passed when a 1d array was expected"):
        assert fitted.score(X, y) == fitted.score(X, y[:, None])
    with pytest.warns(UserWarning, match="A column-vector y"):
        again = ImageClassifier("plain", settings=PLAIN).fit(X, y[:, None])
    np.testing.assert_array_equal(fitted.predict(X), again.predict(X))


@pytest.mark.parametrize("y", [["z"], [], ["z"] * 59, None, np.full((60, 2), "z")])
def test_a_score_needs_one_label_for_each_image(fitted: ImageClassifier, y: Any) -> None:
    """A single one would be compared with all."""
    with pytest.raises(ValueError, match=r"label|requires y"):
        fitted.score(images()[0], y)


def test_a_score_can_weigh_images(fitted: ImageClassifier) -> None:
    """Weights of 0 leave images out; what is no weight is refused."""
    X, y = images()
    y = np.where(np.arange(60) < 15, "q", fitted.predict(X))
    assert (0.75, 1.0) == (fitted.score(X, y), fitted.score(X, y, (y != "q") * 2.0))
    for wrong in (np.ones(59), np.full(60, np.nan), np.zeros(60), -np.ones(60)):
        with pytest.raises(ValueError, match="sample_weight must be a finite number of at least 0 for each of 60"):
            fitted.score(X, y, wrong)


def test_fit_refuses_what_it_cannot_do(fitted: ImageClassifier) -> None:
    """Weights of single images; and a word that is none of its own."""
    for name, message in (("sample_weight", "class_weights"), ("epochs", "fit takes X and y, no epochs")):
        with pytest.raises(TypeError, match=message):
            fitted.fit(*images(), **{name: np.ones(60)})


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((60, 4, 4)), ValueError, r"are from 0 to 0: pass np\.rint\(X \* 255\)\.astype\(np\.uint8\)"),
        (
            np.full((60, 4, 4), 1.5),
            ValueError,
            r"values are from 1\.5 to 1\.5: pass np\.rint\(X\)\.astype\(np\.uint8\)",
        ),
        (np.full((60, 4, 4), -1), ValueError, "values are from -1 to -1: bring them to 0 to 255"),
        (np.full((60, 4, 4), np.nan), ValueError, "it holds NaN or infinity"),
        (np.full((60, 4, 4), 65535, np.uint16), ValueError, r"of 16 bits, pass \(X // 257\)"),
        (np.zeros((60, 4, 4), bool), ValueError, r"black and white, pass \(X \* 255\)\.astype\(np\.uint8\)"),
        (np.zeros((60, 16), np.uint8), ValueError, r"of flat rows, pass X\.reshape\(60, 4, 4\)"),
        (np.zeros((60, 3, 4, 5), np.uint8), ValueError, r"channels that come first, pass X\.transpose\(0, 2, 3, 1\)"),
        (np.zeros((0, 4, 4), np.uint8), ValueError, "X has no images or no pixels"),
        ([[[0.5]]] * 60, ValueError, r"X is an array of float64 \(60, 1, 1\), not a uint8 array"),
        (
            [np.zeros((4, 4))] * 60,
            ValueError,
            r"X\[0\]: an array of float64 .* is no image.*np\.rint\(X\[0\] \* 255",
        ),
        ([], ValueError, "X has no images"),
        ([3] * 60, TypeError, r"X\[0\] is a int; give a path, bytes"),
        ("photos", TypeError, "X is a str; expected a uint8 array"),
        (None, TypeError, "X is a NoneType; expected a uint8 array"),
        (["."] * 60, ValueError, r"X\[0\] is a folder, \.; give the paths of its images"),
    ],
)
def test_images_of_another_kind_are_refused_with_the_cure(
    fitted: ImageClassifier, X: Any, error: type[Exception], message: str
) -> None:
    """By `fit` and by `predict` alike."""
    for ask in (lambda: ImageClassifier().fit(X, images()[1]), lambda: fitted.predict(X)):
        with pytest.raises(error, match=message):
            ask()


def test_wrong_settings_are_refused() -> None:
    """By the messages of the config."""
    with pytest.raises(NncliError, match=r"Did you mean 'training\.epochs'"):
        ImageClassifier(settings={"training.epoch": 3}).fit(*images())


def test_images_come_in_lists_of_any_kind_and_size(fitted: ImageClassifier, tmp_path: Path) -> None:
    """Paths, bytes, Pillow images and arrays; the same pixels give the same answers."""
    X, y = images()
    paths = [tmp_path / f"{i}.png" for i in range(60)]
    for image, path in zip(X, paths, strict=True):
        Image.fromarray(image).save(path)
    mixed = [paths[0], str(paths[1]), paths[2].read_bytes(), Image.fromarray(X[3]), *X[4:]]
    for listed in (paths, list(map(str, paths)), np.array(list(map(str, paths))), mixed):
        again = ImageClassifier("plain", settings=PLAIN).fit(listed, y)
        np.testing.assert_array_equal(fitted.predict_proba(X), again.predict_proba(listed))
    larger = [Image.fromarray(image).resize((4 + i % 3, 5)) for i, image in enumerate(X)]
    assert ImageClassifier("plain", settings=PLAIN).fit(larger, y).score(larger, y) > 0.9
    recipe = ImageClassifier(effort="quick", settings={"training.epochs": 1}).fit(mixed, y)
    assert 1 == recipe.classifier_.model.image_format.channels


def test_an_image_of_a_list_that_cannot_be_read_is_named(fitted: ImageClassifier, tmp_path: Path) -> None:
    """By its place and its path; no row is left out silently."""
    X, y = images()
    for listed, name in (([str(tmp_path / "none.png"), *X[1:]], "none.png: "), ([b"x", *X[1:]], "")):
        with pytest.raises(NncliError, match=rf"X\[0\]: .*{name}(No such file|not a readable)"):
            fitted.predict(listed)
        with pytest.raises(NncliError, match=r"X\[0\]: .*(No such file|not a readable)"):
            ImageClassifier("plain", settings=PLAIN).fit(listed, y)
    with pytest.raises(NncliError, match=r"X\[0\]: .*none\.png: No such file"):
        ImageClassifier("plain", settings=PLAIN).fit([str(tmp_path / "none.png")] * 60, y)


def test_numbers_of_numpy_are_settings() -> None:
    """A search over seeds hands them over."""
    X, y = images()
    numpys = {
        **PLAIN,
        "training.epochs": np.int64(2),
        "data.image_size": np.array([4, 4]),
        "training.calibration": np.str_("none"),
    }
    plain = {**PLAIN, "training.epochs": 2, "training.calibration": "none"}
    a = ImageClassifier(np.str_("plain"), seed=np.int64(3), settings=numpys).fit(X, y)  # type: ignore[arg-type]
    b = ImageClassifier("plain", seed=3, settings=plain).fit(X, y)
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))


@pytest.mark.parametrize("name", ["predict", "predict_proba", "score"])
def test_before_fit_it_says_so(name: str) -> None:
    """As a ValueError and an AttributeError called NotFittedError, so that hasattr and scikit-learn understand."""
    unfitted = ImageClassifier()
    with pytest.raises(ValueError, match=r"this ImageClassifier is not fitted yet; call fit\(X, y\) first") as caught:
        getattr(unfitted, name)(*images()[: 1 + (name == "score")])
    assert isinstance(caught.value, AttributeError)
    assert "NotFittedError" == type(caught.value).__name__
    assert not any(
        hasattr(unfitted, each) for each in ("classes_", "classifier_", "metrics_", "n_features_in_", "other")
    )


def test_without_scikit_learn_the_error_is_called_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is of the same two kinds."""
    monkeypatch.setitem(sys.modules, "sklearn.exceptions", None)
    with pytest.raises(AttributeError, match="not fitted yet") as caught:
        ImageClassifier().classes_  # noqa: B018
    assert ("NotFittedError", True) == (type(caught.value).__name__, isinstance(caught.value, ValueError))


def test_the_number_of_values_is_known_where_there_is_one(fitted: ImageClassifier) -> None:
    """Of images in one array."""
    X, y = images()
    assert 16 == fitted.n_features_in_
    assert not hasattr(ImageClassifier("plain", settings=PLAIN).fit(list(X), y), "n_features_in_")


def test_it_is_shown_as_it_would_be_written() -> None:
    """Without what is as it always is."""
    assert "ImageClassifier()" == repr(ImageClassifier())
    text = "ImageClassifier(recipe='plain', seed=3, settings={'training.epochs': 5})"
    assert text == repr(ImageClassifier("plain", seed=3, settings={"training.epochs": 5}))


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
    seeds = GridSearchCV(classifier.set_params(settings=few), {"seed": np.arange(2)}, cv=2).fit(X, y)
    assert seeds.best_params_["seed"] in {0, 1}
