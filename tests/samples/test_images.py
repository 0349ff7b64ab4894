"""The sample images are complete, small, varied, and drawn by the script that lies beside them."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "sample_images"
SCRIPT = SAMPLES / "draw_samples.py"
IMAGES = sorted(path for path in SAMPLES.rglob("*") if path.suffix in {".png", ".jpg"})


def pixels(path: Path) -> np.ndarray:
    """The image as float array, decoded."""
    with Image.open(path) as image:
        return np.asarray(image, dtype=np.float64)


def names(folder: Path) -> list[str]:
    """The images below a folder, by their path in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def draw(out: Path, *args: str) -> str:
    """Run the script as a user does; what it printed."""
    command = [sys.executable, "-W", "error", str(SCRIPT), "--out", str(out), *args]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first nine images of each class, which are all eight kinds of other dishes, drawn again."""
    out = tmp_path_factory.mktemp("drawn")
    draw(out, "--count", "9")
    return out


def test_the_script_draws_the_committed_images(drawn: Path) -> None:
    """The pixels agree but for what another Pillow or processor may round differently."""
    assert 9 * 12 + 4 == len(names(drawn))
    for name in names(drawn):
        committed, again = pixels(SAMPLES / name), pixels(drawn / name)
        assert committed.shape == again.shape, name
        assert np.abs(committed - again).mean() < 2, name


def test_the_script_draws_the_same_bytes_twice(drawn: Path, tmp_path: Path) -> None:
    """On one machine nothing differs, and an image does not depend on how many others are drawn."""
    draw(tmp_path, "--count", "2")
    assert 2 * 12 + 4 == len(names(tmp_path))
    for name in names(tmp_path):
        assert (drawn / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_the_script_says_what_it_wrote(tmp_path: Path) -> None:
    """Count, size and place."""
    assert f"16 images, 0.0 MB, in {tmp_path}\n" == draw(tmp_path, "--count", "1")


def test_images_of_a_class_differ(drawn: Path) -> None:
    """Each image has a seed of its own."""
    contents = [path.read_bytes() for path in drawn.rglob("*.*")]
    assert len(contents) == len(set(contents))


def test_every_class_has_its_number_of_images() -> None:
    """Classes are balanced, and no other image lies around."""
    counts = Counter(path.parent.relative_to(SAMPLES).as_posix() for path in IMAGES)
    digits = {f"digits/{digit}": 100 for digit in range(10)}
    assert {**digits, "noodles/noodles": 120, "noodles/other": 120, "xor/same": 2, "xor/different": 2} == counts


def test_every_image_opens_in_its_format_and_mode() -> None:
    """Digits and XOR are gray PNGs, dishes are color JPEGs, and each decodes to its end."""
    for path in IMAGES:
        with Image.open(path) as image:
            image.load()
            assert ("JPEG", "RGB") if "noodles" in path.parts else ("PNG", "L") == (image.format, image.mode), path


def test_the_samples_are_small() -> None:
    """Nobody waits for the clone."""
    assert sum(path.stat().st_size for path in IMAGES) < 3_000_000


@pytest.mark.parametrize(("data_set", "low", "high", "kinds"), [("digits", 28, 40, 3), ("noodles", 64, 112, 8)])
def test_images_have_different_sizes(data_set: str, low: int, high: int, kinds: int) -> None:
    """As real ones do, so that resizing is needed."""
    shapes = {pixels(path).shape[:2] for path in IMAGES if data_set in path.relative_to(SAMPLES).parts}
    assert kinds == len(shapes)
    assert low == min(map(min, shapes))
    assert high == max(map(max, shapes))


def test_xor_is_xor() -> None:
    """Two pixels side by side: equal in one folder, different in the other, each combination once."""
    found = {path.stem: (path.parent.name, pixels(path).tolist()) for path in (SAMPLES / "xor").rglob("*.png")}
    black, white = 0.0, 255.0
    assert {
        "00": ("same", [[black, black]]),
        "11": ("same", [[white, white]]),
        "01": ("different", [[black, white]]),
        "10": ("different", [[white, black]]),
    } == found


def test_a_quarter_of_the_digits_is_dark_on_light() -> None:
    """That is what makes a hidden layer necessary."""
    border = [np.median(pixels(path)[[0, -1]]) for path in (SAMPLES / "digits").rglob("*.png")]
    assert np.mean(np.array(border) > 128) == pytest.approx(0.25, abs=0.05)


def test_average_color_does_not_tell_noodles_from_other_dishes() -> None:
    """The nearer of the two classes' mean colors, each image left out of its own, is hardly better than a coin."""
    colors = {name: [pixels(path).mean(axis=(0, 1)) for path in (SAMPLES / "noodles" / name).iterdir()]
              for name in ("noodles", "other")}  # fmt: skip
    right = []
    for name, rest in (("noodles", "other"), ("other", "noodles")):
        own, others = np.array(colors[name]), np.array(colors[rest])
        own_mean = (own.sum(axis=0) - own) / (len(own) - 1)
        to_own, to_others = np.linalg.norm(own - own_mean, axis=1), np.linalg.norm(own - others.mean(axis=0), axis=1)
        right += (to_own < to_others).tolist()
    assert np.mean(right) < 0.6


def test_shuffled_labels_mean_nothing() -> None:
    """Every digit's image is in the table, every label comes 100 times, and about one in ten is right by chance."""
    rows = [line.split(",") for line in (SAMPLES / "shuffled_digits.csv").read_text().splitlines()[1:]]
    assert [path for path in names(SAMPLES) if path.startswith("digits/")] == sorted(path for path, _ in rows)
    assert {str(digit): 100 for digit in range(10)} == Counter(label for _, label in rows)
    assert 70 < sum(path.split("/")[1] == label for path, label in rows) < 130
