"""``nncli init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.folders import write_class_folders

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


def test_the_config_passes_the_check_as_it_is(nncli: Runner) -> None:
    """stdout is its path alone; `check` reads every image and plans a network."""
    write_class_folders(Path("photos"), {"dark": 8, "light": 8}, size=(9, 9))
    result = nncli("init", "photos")
    assert (0, "config.yaml\n") == (result.code, result.out)
    assert (
        "2 classes (dark, light), 16 gray images of about 9x9: recipe digits\nnext: nncli train config.yaml\n"
        == result.err
    )
    checked = nncli("check", "config.yaml")
    assert 0 == checked.code
    assert "photos: 16 images, 2 classes" in checked.out


def test_a_config_that_exists_is_left_alone(nncli: Runner) -> None:
    """Unless --force says otherwise; a broken link is something that exists, too."""
    write_class_folders(Path("photos"))
    Path("mine.yaml").write_text("mine")
    Path("link.yaml").symlink_to("nowhere")
    for name in ("mine.yaml", "link.yaml"):
        result = nncli("init", "photos", "-o", name)
        assert (2, f"nncli: {name}: exists already; choose another -o, or --force to replace it\n") == (
            result.code,
            result.err,
        )
    assert "mine" == Path("mine.yaml").read_text()
    assert "mine.yaml\n" == nncli("init", "photos", "-o", "mine.yaml", "--force").out
    assert "recipe: auto" in Path("mine.yaml").read_text()


def test_a_folder_that_cannot_be_used_writes_nothing(nncli: Runner) -> None:
    """One line, exit code 1."""
    Path("photos").mkdir()
    assert (1, "") == (nncli("init", "photos").code, nncli("init", "photos").out)
    assert "nncli: photo: no such folder; did you mean photos?\n" == nncli("init", "photo").err
    assert not Path("config.yaml").exists()


def test_editors_are_pointed_to_a_schema_that_is_there(nncli: Runner) -> None:
    """And to none that is not."""
    write_class_folders(Path("photos"))
    nncli("init", "photos", "-o", "a.yaml")
    Path("nncli.schema.json").write_text(nncli("schema").out)
    nncli("init", "photos", "-o", "b.yaml")
    assert "$schema" not in Path("a.yaml").read_text()
    assert Path("b.yaml").read_text().startswith("# yaml-language-server: $schema=nncli.schema.json\n# A config for")
