"""Planning: the config against the folder, before any image is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nncli.config import load_config
from nncli.data.image.image_format import ImageFormat
from nncli.errors import ConfigError, DataError
from nncli.run.plan import plan_experiment
from tests.fixtures import plan_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from nncli.data.source import LabeledFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of three classes, 20 of each but 10 of the last."""
    write_class_folders(tmp_path / "photos", {"ant": 20, "bee": 20, "cow": 10})
    return tmp_path


@pytest.fixture
def split_folder(tmp_path: Path) -> Path:
    """Photos in train and val folders."""
    write_class_folders(tmp_path / "photos" / "train", {"ant": 5, "bee": 4})
    write_class_folders(tmp_path / "photos" / "val", {"ant": 2, "bee": 3})
    return tmp_path


def refusal(folder: Path, **sections: Any) -> str:
    """What is wrong with a config."""
    with pytest.raises(ConfigError) as caught:
        plan_of(folder, **sections)
    return str(caught.value)


def per_class(files: LabeledFiles) -> list[int]:
    """How many files each class has."""
    return [files.labels.count(label) for label in range(max(files.labels) + 1)]


def test_a_plan_has_everything_that_the_folder_tells(folder: Path) -> None:
    """Classes, layer sizes, image format and sizes of the split."""
    plan = plan_of(folder, data={"validation_split": 0.2, "color": "rgb", "image_size": "[6, 5]", "resize": "crop"})
    assert ("ant", "bee", "cow") == plan.classes
    assert ImageFormat(6, 5, "rgb", "crop", profile="srgb") == plan.image_format
    assert (90, 5, 3) == plan.layer_dims
    assert 90 * 5 + 5 + 5 * 3 + 3 == plan.n_parameters
    assert [16, 16, 8] == per_class(plan.training_files)
    assert [4, 4, 2] == per_class(plan.validation_files)
    assert 50 == plan.n_images
    assert () == plan.unused_keys
    assert plan.config is plan.config_file.config


def test_no_file_is_in_both_parts_and_none_is_lost(folder: Path) -> None:
    """Each image is trained on or validated with, under its own label."""
    plan = plan_of(folder)
    paths = [*plan.training_files.paths, *plan.validation_files.paths]
    labels = [*plan.training_files.labels, *plan.validation_files.labels]
    assert {str(path) for path in (folder / "photos").rglob("*.png")} == set(paths)
    assert 50 == len(paths)
    assert [plan.classes[label] for label in labels] == [Path(path).parent.name for path in paths]


def test_the_seed_draws_the_split(folder: Path) -> None:
    """The same seed, the same files; another seed, others."""
    first, again, other = (plan_of(folder, training={"seed": seed}).validation_files.paths for seed in (1, 1, 2))
    assert first == again
    assert set(first) != set(other)


def test_no_image_is_opened(tmp_path: Path) -> None:
    """Broken ones are the business of loading."""
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "photos" / name / f"{number}.png").write_text("no image")
    assert 6 == plan_of(tmp_path).n_images


def test_a_val_folder_is_used_as_it_is(split_folder: Path) -> None:
    """Nothing is drawn, and the key that draws has no meaning."""
    plan = plan_of(split_folder)
    assert [5, 4] == per_class(plan.training_files)
    assert [2, 3] == per_class(plan.validation_files)
    assert all("/val/" in path for path in plan.validation_files.paths)
    assert ("data.validation_split", "data.groups") == plan.unused_keys


def test_a_train_folder_without_val_is_split(tmp_path: Path) -> None:
    """The test folder is left alone."""
    write_class_folders(tmp_path / "photos" / "train", {"ant": 10, "bee": 10})
    write_class_folders(tmp_path / "photos" / "test", {"ant": 2, "bee": 3})
    plan = plan_of(tmp_path, data={"validation_split": 0.2})
    assert [8, 8] == per_class(plan.training_files)
    assert [2, 2] == per_class(plan.validation_files)
    assert not any("/test/" in path for path in (*plan.training_files.paths, *plan.validation_files.paths))


def test_a_split_beside_a_val_folder_is_refused_with_its_position(split_folder: Path) -> None:
    """A key that would be ignored is an error, and the caret stands under its value."""
    message = refusal(split_folder, data={"validation_split": 0.2})
    lines = message.splitlines()
    assert lines[0].endswith(
        f"config.yaml:5:21: data.validation_split has no use: {split_folder}/photos has a val folder; remove one"
    )
    assert "    5 |   validation_split: 0.2" == lines[1]
    assert lines[1].index("0.2") == lines[2].index("^^^")


def test_the_resolved_config_of_a_val_folder_can_be_used_again(split_folder: Path) -> None:
    """The key without a use is left out of what a run writes."""
    plan = plan_of(split_folder)
    again = split_folder / "again.yaml"
    again.write_text(plan.config_file.resolved_yaml(plan.unused_keys))
    assert plan.config == plan_experiment(load_config(again)).config


def test_no_validation_at_all(folder: Path) -> None:
    """A share of 0 is allowed."""
    plan = plan_of(folder, data={"validation_split": 0})
    assert () == plan.validation_files.paths
    assert 50 == plan.n_images == len(plan.training_files.paths)


def test_patience_needs_validation(folder: Path) -> None:
    """There would be nothing to become better."""
    message = refusal(folder, data={"validation_split": 0}, training={"patience": 3})
    assert "training.patience needs validation images: set data.validation_split, or remove patience" in message
    assert "   13 |   patience: 3" in message
    assert 3 == plan_of(folder, training={"patience": 3}).config.training.patience


@pytest.mark.parametrize(
    ("layer_dims", "expected"),
    [
        ("[auto, auto]", (16, 3)),
        ("[auto, 5, 4, 3]", (16, 5, 4, 3)),
        ("[16, 5, auto]", (16, 5, 3)),
        ("[16, 3]", (16, 3)),
    ],
)
def test_layer_sizes_from_the_data(folder: Path, layer_dims: str, expected: tuple[int, ...]) -> None:
    """Where they are left open; numbers that fit are as good."""
    assert expected == plan_of(folder, network={"layer_dims": layer_dims}).layer_dims


def test_two_classes_share_one_output_or_have_two(tmp_path: Path) -> None:
    """One is the rule, two are allowed."""
    write_class_folders(tmp_path / "photos")
    for layer_dims, expected in (("[auto, auto]", (16, 1)), ("[auto, 1]", (16, 1)), ("[auto, 2]", (16, 2))):
        assert expected == plan_of(tmp_path, network={"layer_dims": layer_dims}).layer_dims
    message = refusal(tmp_path, network={"layer_dims": "[auto, 3]"})
    assert "network.layer_dims ends with 3" in message


@pytest.mark.parametrize("n_outputs", [1, 2, 4])
def test_an_output_layer_of_another_size_is_refused(folder: Path, n_outputs: int) -> None:
    """The message has the number, the folder, its classes and the way out, and points at the number."""
    lines = refusal(folder, network={"layer_dims": f"[auto, 5, {n_outputs}]"}).splitlines()
    assert lines[0].endswith(
        f"config.yaml:6:25: network.layer_dims ends with {n_outputs} but {folder}/photos has 3 classes "
        "(ant, bee, cow); write auto"
    )
    assert lines[1].index(f"{n_outputs}]") == lines[2].index("^")


def test_many_classes_are_not_all_listed(tmp_path: Path) -> None:
    """Four of them are enough to see which folder it is."""
    write_class_folders(tmp_path / "photos", {f"class {i}": 2 for i in range(12)})
    message = refusal(tmp_path, network={"layer_dims": "[auto, 3]"})
    assert "has 12 classes (class 0, class 1, class 2, class 3, ...); write auto" in message


def test_an_input_layer_of_another_size_is_refused(folder: Path) -> None:
    """As the config says it, before the folder is looked at."""
    assert "16" in refusal(folder, network={"layer_dims": "[48, 5, auto]"})


def test_a_weight_for_a_class_that_is_not_there_is_refused(folder: Path) -> None:
    """The message lists those that are, and points at the name."""
    lines = refusal(folder, training={"class_weights": "{ant: 2, bea: 3}"}).splitlines()
    assert lines[0].endswith("names a class 'bea' that the data do not have; they have ant, bee, cow")
    assert lines[1].index("bea") == lines[2].index("^^^")


def test_weights_for_some_classes_are_fine(folder: Path) -> None:
    """The others have weight 1."""
    plan = plan_of(folder, training={"class_weights": "{ant: 2}"})
    assert {"ant": 2.0} == plan.config.training.class_weights


def test_names_in_messages_are_escaped(tmp_path: Path) -> None:
    """A folder's name cannot write to the terminal."""
    write_class_folders(tmp_path / "photos", {"a\x1b[2J": 2, "b\n": 2, "c\udcff": 2})
    message = refusal(tmp_path, network={"layer_dims": "[auto, 2]"})
    assert r"(a\x1b[2J, b\x0a, c\xff)" in message
    assert r"they have a\x1b[2J, b\x0a, c\xff" in refusal(tmp_path, training={"class_weights": "{x: 2}"})


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """That is a fault of the data, not of the config."""
    with pytest.raises(DataError, match="photos: no such folder"):
        plan_of(tmp_path)


def test_notes_about_the_folder_are_kept(folder: Path) -> None:
    """What was left out is told by whoever shows the plan."""
    (folder / "photos" / "readme.txt").write_text("")
    (folder / "photos" / "stray.png").write_text("")
    assert any("stray.png" in note for note in plan_of(folder).notes)


def test_groups_stay_on_one_side(tmp_path: Path) -> None:
    """Images of a burst, told by their names; a pattern that finds nothing is an error at its place in the config."""
    write_class_folders(tmp_path / "photos", {"dark": 24, "light": 24})
    for path in list((tmp_path / "photos").rglob("*.png")):
        path.rename(path.with_name(f"b{int(path.stem) // 4}_{path.name}"))
    plan = plan_of(tmp_path, data={"groups": "'^b[0-9]+'"})
    training, validation = (
        {Path(path).name.split("_")[0] for path in files.paths}
        for files in (plan.training_files, plan.validation_files)
    )
    assert validation
    assert not training & validation
    with pytest.raises(ConfigError, match=r"data.groups.*puts no two of 48 images together"):
        plan_of(tmp_path, data={"groups": "nothing"})
