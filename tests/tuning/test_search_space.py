"""From a choice to a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nncli.config import load_config
from nncli.run.plan import plan_experiment
from nncli.tuning.search_space import AS_IS, LIMITS, OWN, SearchSpace
from tests.drawings import wedges, write_drawings
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.run.plan import Plan


class Extremes:
    """Suggests the last word and the largest number, or the first and the smallest."""

    def __init__(self, end: int) -> None:
        self.end = end

    def suggest_categorical(self, _name: str, choices: list[str]) -> str:
        """The first or the last."""
        return choices[self.end]

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """The smallest or the largest."""
        assert log == (name in ("learning_rate_factor", "weight_decay", "l2"))
        return (low, high)[self.end]


def plan_of(tmp_path: Path, size: tuple[int, int] = (12, 12), **training: Any) -> Plan:
    """The plan of a config for two classes of small gray images."""
    write_class_folders(tmp_path / "photos", {"a": 8, "b": 8}, size=size)
    data: dict[str, object] = {"image_size": f"[{size[1]}, {size[0]}]"}
    return plan_experiment(load_config(write_config(tmp_path / "c.yaml", "photos", data=data, training=training)))


def test_a_beginning_as_it_is_changes_nothing(tmp_path: Path) -> None:
    """The config's own settings come out as they went in."""
    plan = plan_of(tmp_path, l2=0.001)
    space = SearchSpace(plan)
    again = space.plan_of(space.as_it_is(OWN))
    assert plan.layer_dims == again.layer_dims
    assert plan.config == again.config
    assert "as it is" == space.described(space.as_it_is(OWN))


def test_the_first_choices_are_all_beginnings(tmp_path: Path) -> None:
    """The config first, then the recipe that suits the images; a recipe that the config has already is no other."""
    space = SearchSpace(plan_of(tmp_path))
    assert [OWN, "digits quick", "digits standard", OWN, OWN] == [each["start"] for each in space.first_choices()]
    config = write_config(tmp_path / "r.yaml", "photos", data={"image_size": "[12, 12]"}, training={"recipe": "auto"})
    assert {OWN, "digits standard"} == set(SearchSpace(plan_experiment(load_config(config))).starts)


def test_a_recipe_brings_all_its_settings(tmp_path: Path) -> None:
    """And nothing of the config's own but images, split and seed."""
    plan = plan_of(tmp_path, optimizer="momentum", momentum=0.5, seed=7)
    space = SearchSpace(plan)
    config = space.plan_of(space.as_it_is("digits quick")).config
    assert ("adamw", "one_cycle", 7) == (config.training.optimizer, config.training.schedule, config.training.seed)
    assert 0.999 == config.training.beta2
    assert ("he", "batch", "relu") == (
        config.network.initialization,
        config.network.normalization,
        config.network.activation,
    )
    assert "digits" == config.data.augmentation
    assert plan.config.data.path == config.data.path
    assert "recipe digits quick" == space.described(space.as_it_is("digits quick"))


def test_recipes_mirror_no_classes_that_are_mirror_images(tmp_path: Path) -> None:
    """Small gray things that point to the left or to the right."""
    write_drawings(tmp_path / "wedges", wedges, each=40)
    plan = plan_experiment(load_config(write_config(tmp_path / "c.yaml", "wedges", data={"image_size": "[28, 28]"})))
    space = SearchSpace(plan)
    config = space.plan_of(space.as_it_is("garments quick")).config
    assert ("none", "none") == (config.data.augmentation, config.data.test_time_augmentation)


@pytest.mark.parametrize("end", [0, -1])
@pytest.mark.parametrize("size", [(12, 12), (3, 4), (60, 60)])
def test_every_choice_is_a_config_that_can_be_written_and_read(tmp_path: Path, end: int, size: tuple[int, int]) -> None:
    """At the ends of every range, for images in which hardly any feature fits, too."""
    space = SearchSpace(plan_of(tmp_path, size))
    plan = space.plan_of(space.suggest(Extremes(end)))
    (tmp_path / "best.yaml").write_text(plan.config_file.resolved_yaml(plan.unused_keys))
    again = plan_experiment(load_config(tmp_path / "best.yaml"))
    assert plan.layer_dims == again.layer_dims
    assert plan.config == again.config
    assert plan.config.data.n_features == plan.layer_dims[0] or plan.config.network.project != "none"


def test_what_is_chosen_is_what_is_trained(tmp_path: Path) -> None:
    """Each part of a choice has its place in the config, and its words."""
    space = SearchSpace(plan_of(tmp_path, (16, 16), learning_rate=0.01))
    choice = space.as_it_is(OWN) | {"learning_rate_factor": 0.5, "hidden": "256, 128", "features": "hog"}
    choice |= {"dropout": 0.12345, "label_smoothing": 0.1, "l2": 0.01}
    plan = space.plan_of(choice)
    assert (36, 256, 128, 1) == plan.layer_dims
    config = plan.config
    assert (0.005, 0.01, 0.1) == (config.training.learning_rate, config.training.l2, config.training.label_smoothing)
    assert (0.123, "standardize") == (config.network.dropout, config.data.scaling)
    expected = "features hog, hidden 256, 128, learning_rate x0.5, l2 0.01, dropout 0.123, label_smoothing 0.1"
    assert expected == space.described(choice)


def test_features_that_do_not_fit_are_not_offered(tmp_path: Path) -> None:
    """Of 3x4 images only the pixels."""
    assert ["pixels"] == list(SearchSpace(plan_of(tmp_path, (3, 4))).features)
    assert AS_IS not in SearchSpace(plan_of(tmp_path, (3, 4))).features


def test_values_beyond_the_limits_are_brought_inside(tmp_path: Path) -> None:
    """A config may be more daring than the search."""
    space = SearchSpace(plan_of(tmp_path, l2=50))
    assert LIMITS["l2"][1] == space.as_it_is(OWN)["l2"]
