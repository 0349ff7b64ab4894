"""What the training images decide of the image format: once, in the config and in the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.config import load_config, parse_override
from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.errors import NncliError
from nncli.run.plan import format_of, plan_experiment
from tests.data.pictures import encode

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.run.plan import Plan


def written(folder: Path, low: int, high: int, *, icon: tuple[int, ...] = ()) -> Path:
    """A config for two classes of 16-bit images, or of icons on transparency."""
    for number, name in enumerate(("ant", "bee")):
        (folder / "photos" / name).mkdir(parents=True)
        for k in range(4):
            levels = np.random.default_rng(8 * number + k).integers(low, high + 1, (9, 9)).astype(np.uint16)
            levels[0, :4], levels[1, :4] = low, high
            image = Image.fromarray(levels)
            if icon:
                image = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
                image.paste(icon, (2, 2, 6, 6))
            (folder / "photos" / name / f"{k}.png").write_bytes(encode(image, "PNG"))
    config = folder / "photos.yaml"
    config.write_text("data: {path: photos, image_size: 9, color: grayscale}\n")
    return config


def plan_of(config: Path, **settings: Any) -> Plan:
    """The plan with settings of the section data."""
    overrides = [parse_override(f"data.{name}={value}") for name, value in settings.items()]
    return plan_experiment(load_config(config, overrides))


def test_the_range_is_chosen_by_the_training_images_and_kept(tmp_path: Path) -> None:
    """A picture of a microscope is not black; the run's config and the model say which values it uses."""
    plan = plan_of(written(tmp_path, 150, 350))
    assert [150, 350] == list(plan.image_format.value_range or ())
    assert "range: [150" in plan.config_file.resolved_yaml()
    expected = "6 of 6 images looked at have 16 bits, with values from 150 to 350: data.range is [150, 350]"
    assert expected == plan.notes[-1]
    row = decode_image(plan.training_files.paths[0], plan.image_format)
    assert (0, 255) == (row.min(), row.max())
    assert plan.image_format == ImageFormat.from_dict(plan.image_format.to_dict())


@pytest.mark.parametrize(("setting", "expected"), [("full", None), ("[0, 4095]", (0, 4095))])
def test_what_is_written_counts(tmp_path: Path, setting: str, expected: tuple[int, int] | None) -> None:
    """No image is looked at then."""
    plan = plan_of(written(tmp_path, 150, 350), range=setting)
    assert expected == plan.image_format.value_range
    assert () == plan.notes


def test_images_that_use_all_of_it_need_no_range(tmp_path: Path) -> None:
    """And the config says so."""
    plan = plan_of(written(tmp_path, 0, 65535))
    assert plan.image_format.value_range is None
    assert "full" == plan.config.data.range


def test_a_range_from_large_to_small_is_refused(tmp_path: Path) -> None:
    """At its place in the config."""
    with pytest.raises(NncliError, match=r"data.range is \[350, 150\]; the smaller number comes first"):
        plan_of(written(tmp_path, 150, 350), range="[350, 150]")


def test_the_background_is_chosen_by_contrast(tmp_path: Path) -> None:
    """Only where it is left to the images, and said."""
    config = written(tmp_path, 0, 1, icon=(250, 250, 250, 255))
    plan = plan_of(config, background="auto")
    assert "black" == plan.image_format.background == plan.config.data.background
    assert "are transparent, with a mean gray of 250: data.background is black" in plan.notes[-1]
    assert "white" == plan_of(config).image_format.background


def test_a_color_is_written_so_that_it_is_read_again(tmp_path: Path) -> None:
    """To YAML, # begins a comment."""
    plan = plan_of(written(tmp_path, 0, 65535), background='"#3366CC"')
    assert "#3366cc" == plan.image_format.background
    (tmp_path / "again.yaml").write_text(plan.config_file.resolved_yaml())
    again = load_config(tmp_path / "again.yaml").config
    assert plan.image_format == format_of(again.data)
