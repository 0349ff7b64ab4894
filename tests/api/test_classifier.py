"""``load`` and ``predict``: whatever form an image comes in, the answer is the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli import Classifier, NncliError, load
from nncli.data.image.image_format import ImageFormat
from nncli.model.file import write_model
from nncli.model.predictor import MANY
from tests.cli.tiny import write_image, write_three, write_two
from tests.fixtures import random_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

THREE = ("ant", "bee", "cow")


@pytest.fixture
def three(tmp_path: Path) -> Classifier:
    """Black is coal, white is snow."""
    return load(write_three(tmp_path / "run/model.npz"))


@pytest.fixture(autouse=True)
def _run_folder(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()


def test_a_path_is_answered_with_all_there_is_to_know(three: Classifier, tmp_path: Path) -> None:
    """Label, its probability, and that of each class by name."""
    path = write_image(tmp_path / "black.png", 0)
    [prediction] = three.predict([path])
    assert (path, "coal", "") == (prediction.path, prediction.label, prediction.error)
    assert {"coal": 0.7, "fog": 0.2, "snow": 0.1} == pytest.approx(prediction.probabilities)
    assert prediction.probability == prediction.probabilities["coal"]
    assert ("coal", "fog", "snow") == three.classes


def test_a_single_image_needs_no_list(three: Classifier, tmp_path: Path) -> None:
    """A text is a path, not a list of letters."""
    path = write_image(tmp_path / "white.png", 255)
    assert three.predict([path]) == three.predict(path)
    assert ["snow"] == [each.label for each in three.predict(Path(path))]
    assert [] == three.predict([])


def every_form(path: Path) -> list[Any]:
    """The same picture as path, text, bytes, array and Pillow image."""
    image = Image.open(path)
    return [path, str(path), path.read_bytes(), np.asarray(image), image]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "CMYK", "1", "I;16"])
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_every_form_of_an_image_gives_the_same(mode: str, resize: str, tmp_path: Path) -> None:
    """To the bit: the way behind the decoder is the same; arrays where they say what they are."""
    write_model(tmp_path / "m.npz", random_model(THREE, image_format=ImageFormat(6, 5, "rgb", resize)))
    path = tmp_path / "picture.tif"
    noise = np.random.default_rng(0).integers(0, 256, (11, 9, 4), np.uint8)
    image = Image.fromarray(noise).convert("L" if mode == "I;16" else mode)
    (image.convert("I;16") if mode == "I;16" else image).save(path)
    forms = every_form(path)
    if mode not in ("L", "RGB", "RGBA"):
        del forms[3]
    predictions = load(tmp_path / "m.npz").predict(forms)
    assert [""] * len(forms) == [each.error for each in predictions]
    assert 1 == len({tuple(each.probabilities.items()) for each in predictions})
    assert [str(path), str(path), "", ""] == [each.path for each in predictions[:3] + predictions[-1:]]


def test_an_image_is_turned_upright(tmp_path: Path) -> None:
    """As EXIF says, also when Pillow has opened it."""
    write_model(tmp_path / "m.npz", random_model(THREE))
    exif = Image.Exif()
    exif[0x0112] = 6
    noise = np.random.default_rng(0).integers(0, 256, (4, 3, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "x.png", exif=exif)
    plain, turned, opened = load(tmp_path / "m.npz").predict(
        [noise, tmp_path / "x.png", Image.open(tmp_path / "x.png")]
    )
    assert turned.probabilities == opened.probabilities
    assert plain.probabilities != turned.probabilities


def test_bad_images_do_not_stop_the_others(three: Classifier, tmp_path: Path) -> None:
    """Each has its reason, in its place; a folder without images is one of them."""
    good = write_image(tmp_path / "good.png", 255)
    half = Path(write_image(tmp_path / "half.png", 255))
    half.write_bytes(half.read_bytes()[:-30])
    (tmp_path / "empty").mkdir()
    opened = Image.open(io.BytesIO(half.read_bytes()))
    bad: list[Any] = [tmp_path / "none.png", b"", b"broken", opened, tmp_path / "empty"]
    found = three.predict([good, *bad, good])
    assert ["snow", *[""] * len(bad), "snow"] == [each.label for each in found]
    assert ["", "No such file or directory", "empty file"] == [each.error for each in found[:3]]
    assert all(each.error for each in found[1:-1])
    assert (0.0, {}) == (found[1].probability, found[1].probabilities)


def test_a_folder_stands_for_its_images(three: Classifier, tmp_path: Path) -> None:
    """In natural order, among others; so many that several processes decode them."""
    names = [write_image(tmp_path / f"d/{i}.png", 255 * (i % 2)) for i in range(MANY + 6)]
    found = three.predict([np.zeros((4, 4), np.uint8), tmp_path / "d", names[1]])
    assert ["", *names, names[1]] == [each.path for each in found]
    assert ["coal", *["coal", "snow"] * (len(names) // 2), "snow"] == [each.label for each in found]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (9, 7), (9, 7, 3)])
def test_predict_proba_takes_many_of_one_size(three: Classifier, shape: tuple[int, ...]) -> None:
    """What has another size or color than the model's is converted, as predict does it."""
    images = np.random.default_rng(0).integers(0, 256, (70, *shape), np.uint8)
    found = three.predict_proba(images)
    assert (70, 3) == found.shape
    assert np.float32 == found.dtype
    assert [list(each.probabilities.values()) for each in three.predict(list(images))] == found.tolist()


def test_one_output_has_two_probabilities(tmp_path: Path) -> None:
    """As the command line has it."""
    found = load(write_two(tmp_path / "m.npz")).predict_proba(np.full((1, 4, 4), 255, np.uint8))
    assert [[0.018, 0.982]] == pytest.approx(found, abs=1e-4)


@pytest.mark.parametrize(
    "images", [np.zeros((4, 4), np.uint8), np.zeros((1, 4, 4)), [[0]], np.zeros((1, 5, 5, 2), np.uint8)]
)
def test_predict_proba_wants_uint8_images(three: Classifier, images: NDArray[np.uint8]) -> None:
    """The message says what it got and what it takes."""
    with pytest.raises(ValueError, match=r"a(n array of \w+ \(.*| list).*uint8 array \("):
        three.predict_proba(images)


@pytest.mark.parametrize("image", [np.zeros((4, 4)), np.zeros(4, np.uint8), np.zeros((0, 4), np.uint8)])
def test_an_array_that_is_no_image_is_an_error_of_the_caller(three: Classifier, image: NDArray[np.uint8]) -> None:
    """No record: the program is wrong, not the picture."""
    with pytest.raises(ValueError, match="is no image; expected a uint8 array"):
        three.predict([image])


def test_something_else_is_no_image(three: Classifier) -> None:
    """Nor is an open file."""
    with pytest.raises(TypeError, match="a BytesIO is no image; give a path, bytes"):
        three.predict([io.BytesIO(b"x")])  # type: ignore[list-item]


def test_a_run_can_be_loaded_by_its_folder(tmp_path: Path) -> None:
    """As -m takes it."""
    write_three(tmp_path / "run/model.npz")
    assert load(tmp_path / "run/model.npz").classes == load(str(tmp_path / "run")).classes


def test_no_model_is_an_error_of_nncli(tmp_path: Path) -> None:
    """One class catches all of them."""
    with pytest.raises(NncliError, match="cannot be read: No such file"):
        load(tmp_path / "none.npz")
