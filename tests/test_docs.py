"""The documentation says what the program does."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from benchmarks.accuracy_tables import RECIPE, read_results, tables, written

from nncli.cli.commands import COMMANDS
from nncli.cli.main import load_command
from nncli.config import reference_rows
from nncli.config.recipes import FEW_IMAGES, PHOTO_SIDE, PHOTO_SIDES, RECIPES, SMALL_SIDE, Facts, recipe_defaults
from nncli.data.looks import N_LOOKED_AT
from nncli.features.settings import KINDS, settings_class
from nncli.model.calibration import FEWEST
from nncli.option import REQUIRED, options_of
from nncli.run.recipe_choice import MOSTLY_OUTLINE
from tests.cli.tiny import in_process as nncli
from tests.recipes_table import DOCUMENT, with_tables

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "docs", "docs/guide", "sample_images", "examples")
DOCUMENTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))


def test_the_accuracies_are_those_that_were_kept() -> None:
    """The tables are what `python -m benchmarks.accuracy` writes; a goal is reached or missed by its figure."""
    text = (ROOT / "docs/accuracy.md").read_text()
    assert written(text, read_results()) == text
    row = {"data": "MNIST", "effort": "quick", "variant": RECIPE, "judged_by": "t", "seeds": 1, "seconds": 1}
    for accuracy, expected in ((0.9945, "reached"), (0.9944, "missed")):
        kept = row | {"accuracy": accuracy, "calibration_error": 0.1}
        assert f"| 0.9945: {accuracy}, {expected} |" in tables([kept])["goals"]


def test_every_key_of_the_config_is_documented() -> None:
    """docs/configuration.md ends with the table that the options make."""
    rows = [f"| `{row.key}` | {row.type} | `{row.default}` | {row.doc} |" for row in reference_rows()]
    written = (ROOT / "docs/configuration.md").read_text().rpartition("|---|---|---|---|\n")[2].splitlines()
    assert rows == written


def test_the_recipes_are_documented() -> None:
    """docs/recipes.md has the tables that the recipes make (`python -m tests.recipes_table` writes them)."""
    text = DOCUMENT.read_text()
    assert with_tables(text) == text
    assert "| `data.features` | `[patches: {" in text


def test_the_limits_of_the_recipes_are_documented() -> None:
    """docs/recipes.md names the numbers that the choice depends on."""
    text = " ".join(DOCUMENT.read_text().split())
    for phrase in (
        f"about {N_LOOKED_AT} of the training images",
        f"larger than {SMALL_SIDE} pixels",
        *(f"{side}x{side} in sets of up to {most:,}" for most, side in PHOTO_SIDES),
        f"else {PHOTO_SIDE}x{PHOTO_SIDE}",
        f"so that {MOSTLY_OUTLINE:.0%} or more".replace("%", " %"),
        f"more than {FEW_IMAGES:,}",
        f"and {FEWEST} validation images or more",
    ):
        assert phrase in text


def test_everything_a_recipe_sets_can_be_switched_off() -> None:
    """As docs/recipes.md says: every ingredient has a row, and its settings load beside a recipe."""
    text = DOCUMENT.read_text().partition("## Switching")[2].partition("##")[0]
    settings = re.findall(r"`((?:data|network|training)\.[a-z_]+: [^`]+)`", text)
    switched = {setting.partition(":")[0] for setting in settings}
    of_taste = {"network.initialization", "training.optimizer", "training.epochs", "training.batch_size"}
    of_taste |= {"training.weight_decay", "training.learning_rate"}
    for recipe in RECIPES:
        assert set() == recipe_defaults(recipe, "standard", Facts(9, (64, 64, 3))).keys() - switched - of_taste


def test_the_config_of_the_recipes_is_trained(tmp_path: Path) -> None:
    """The example of docs/recipes.md runs, for one epoch and on a few small images."""
    (config,) = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.S)
    for photo in sorted((ROOT / "sample_images/noodles").glob("*/*0.jpg")):
        few = tmp_path / photo.parent.relative_to(ROOT) / photo.name
        few.parent.mkdir(parents=True, exist_ok=True)
        few.write_bytes(photo.read_bytes())
    (tmp_path / "photos.yaml").write_text(config.replace("../sample_images", "sample_images"))
    result = nncli("train", "photos.yaml", "--epochs", "1", "--set", "data.image_size=24", cwd=tmp_path)
    assert "recipe photos, effort quick: " in result.stderr


def test_every_command_and_option_is_documented() -> None:
    """docs/command-line.md has a section for each command, which names each of its options."""
    text = (ROOT / "docs/command-line.md").read_text()
    sections = dict(re.findall(r"^## nncli (\w+)$(.*?)(?=^## |\Z)", text, re.M | re.S))
    assert set(COMMANDS) == set(sections)
    for name, section in sections.items():
        for parameter in load_command(name).params:
            if parameter.param_type_name == "option" and parameter.name not in ("quiet", "verbose", "no_color", "help"):
                assert f"`{max(parameter.opts, key=len)}" in section, f"{name} {parameter.opts}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Every relative link in a document names a file that exists."""
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_lower_bounds_are_the_versions_tested() -> None:
    """.ci/oldest-versions.txt lists exactly what setup.cfg promises for running and testing."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    promised = setup["options"]["install_requires"] + setup["options.extras_require"]["test"]
    bounds = dict(re.findall(r"^([\w-]+)>=([\d.]+)$", promised, re.M))
    tested = dict(re.findall(r"^([\w-]+)==([\d.]+)$", (ROOT / ".ci/oldest-versions.txt").read_text(), re.M))

    def padded(version: str) -> list[int]:
        return [*map(int, version.split(".")), 0, 0][:3]

    assert bounds.keys() == tested.keys()
    for name, bound in bounds.items():
        assert padded(bound) == padded(tested[name]), name


def test_the_config_of_the_features_is_trained(tmp_path: Path) -> None:
    """The example of docs/features.md runs as it stands, for one epoch, and its table names every block and setting."""
    text = (ROOT / "docs/features.md").read_text()
    (config,) = re.findall(r"```yaml\n(.*?)```", text, re.S)
    (tmp_path / "photos.yaml").write_text(config.replace("../sample_images", str(ROOT / "sample_images")))
    result = nncli("train", "photos.yaml", "--epochs", "1", "-v", cwd=tmp_path)
    assert "runs/photos-1/model.npz\n" == result.stdout
    assert "patches (size 6, count 100, grid 3, stride 1, " in result.stderr
    for kind in KINDS:
        assert f"| `{kind}` | " in text
        for option in options_of(settings_class(kind)):
            name, default = f"`{option.key}`", "it has to be written" if option.default is REQUIRED else option.default
            assert f"| {name} | {default} | " in text or f"{name} ({default})" in text
