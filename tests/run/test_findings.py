"""What a training notices that makes its figures worth less."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.model.calibration import COLDEST, HOTTEST
from nncli.run.findings import image_findings, loss_findings, network_findings, temperature_findings
from nncli.run.training_data import training_batches
from tests.data.test_near_copies import CHANGES, jpeg, photo
from tests.fixtures import experiment_of, random_model
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path


def test_ordinary_images_need_no_words(tmp_path: Path) -> None:
    """Nothing is found."""
    write_class_folders(tmp_path / "photos")
    assert [] == image_findings(experiment_of(tmp_path))


def test_images_that_have_become_one_picture_are_noticed(tmp_path: Path) -> None:
    """White icons on transparency are white after all."""
    for name in ("one", "two"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            icon = np.zeros((6, 6, 4), np.uint8)
            icon[..., :3], icon[number % 6, :, 3] = 255, 255
            Image.fromarray(icon).save(tmp_path / f"photos/{name}/{number}.png")
    (finding, *others) = image_findings(experiment_of(tmp_path))
    assert "same_picture" == finding.code
    assert finding.text.startswith("34 of 34 training images have become the same picture")
    assert ["copies_across_splits"] == [each.code for each in others]


def test_copies_across_the_split_are_counted(tmp_path: Path) -> None:
    """Equal ones, and near ones: photos of the training set that were saved again."""
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for name in ("one", "two"):
            (tmp_path / "photos" / split / name).mkdir(parents=True)
    for number in range(40):
        taken, name = photo(rng), ("one", "two")[number % 2]
        (tmp_path / f"photos/train/{name}/{number}.jpg").write_bytes(jpeg(taken))
        if number < 6:
            (tmp_path / f"photos/val/{name}/{number}.jpg").write_bytes(CHANGES["quality 60"](taken))
    shutil.copy(tmp_path / "photos/train/one/20.jpg", tmp_path / "photos/val/one/20.jpg")
    for number in range(40, 43):
        (tmp_path / f"photos/val/one/{number}.jpg").write_bytes(jpeg(photo(rng)))
    found = image_findings(experiment_of(tmp_path, data={"image_size": "[48, 48]", "color": "rgb"}))
    assert ["copies_across_splits"] == [finding.code for finding in found]
    assert "7 of 10 validation images are copies of training images, 1 with equal pixels and 6 saved" in found[0].text


@pytest.mark.parametrize(("bias", "expected"), [(-1e6, ["no_active_unit"]), (0, [])])
@pytest.mark.parametrize("n_members", [1, 3])
def test_a_layer_without_an_active_unit_is_noticed(
    tmp_path: Path, bias: float, expected: list[str], n_members: int
) -> None:
    """Nothing gets through; in an ensemble only if that is so in every member."""
    write_class_folders(tmp_path / "photos")
    experiment = experiment_of(tmp_path)
    model = random_model(image_format=experiment.plan.image_format, hidden=(6, 5), n_members=n_members)
    for member in model.parameters.members:
        member.b[2][...] += bias
    examples, _ = training_batches(experiment, 16, np.float32)
    found = network_findings(model, examples)
    assert expected == [finding.code for finding in found]
    if n_members > 1 and found:
        model.parameters.members[1].b[2][...] = 1e3
        assert [] == network_findings(model, examples)


@pytest.mark.parametrize(("temperature", "n"), [(COLDEST, 1), (HOTTEST, 1), (1.0, 0), (2.5, 0)])
def test_a_temperature_that_met_its_limit_is_noticed(temperature: float, n: int) -> None:
    """It would have gone further."""
    assert n == len(temperature_findings(temperature))


def test_the_loss_of_guessing_is_known() -> None:
    """ln K for K classes, whatever the accuracy happens to be; a little less is learning."""
    (finding,) = loss_findings(0.6931, 2)
    assert "loss_of_guessing" == finding.code
    assert "the loss 0.6931 is that of guessing, ln 2 = 0.6931: the network has learned nothing" == finding.text
    assert [] == loss_findings(0.68, 2)
    assert [] == loss_findings(0.7, 2)
