"""The lessons as data: titles, promises, and what an installed package needs."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from nncli.config import load_config
from nncli.errors import DataError
from nncli.run import lessons
from nncli.run.lessons import ORDER, Lesson, all_lessons, lessons_folder

ROOT = Path(__file__).parents[2]
TEXT = """# for editors
# How long? A question. Ten seeds each:
#   nncli train configs/lessons/a.yaml --lr 1 --set a.b=[1,2]   accuracy 0.25 to 0.50
#   nncli train configs/lessons/a.yaml   diverges
# Look here.
# And there.

data:
"""


def test_a_lesson_is_read_from_its_comment(tmp_path: Path) -> None:
    """Title, promises and what to look for."""
    (tmp_path / "a.yaml").write_text(TEXT)
    lesson = Lesson.of(tmp_path / "a.yaml")
    assert ("How long? A question.", "Look here. And there.") == (lesson.title, lesson.look_for)
    first, second = lesson.promises
    assert (["--lr", "1", "--set", "a.b=[1,2]"], "accuracy", "0.25 to 0.50") == (
        first.options,
        first.quantity,
        first.range,
    )
    assert ([], "diverges", "diverges") == (second.options, second.quantity, second.range)


def test_every_lesson_has_its_place() -> None:
    """Each file is in the order, and has a title, a promise and something to look for."""
    assert {path.stem for path in (ROOT / "configs/lessons").glob("*.yaml")} == set(ORDER)
    for lesson in all_lessons().values():
        assert lesson.title
        assert lesson.promises
        assert len(lesson.look_for) > 50


def test_the_package_brings_what_the_lessons_need() -> None:
    """setup.cfg installs the configs, and all data that they name, in the same places to each other."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    installed = {pattern.strip() for pattern in setup["options.data_files"].values()}
    needed = {"configs/lessons/*.yaml", "configs/digits.yaml"}
    for path in (ROOT / "configs/lessons").glob("*.yaml"):
        data = load_config(path).config.data.path.resolve()
        homes = [data.parent] if data.is_file() else data.iterdir()
        suffix = data.suffix or ".png"
        needed |= {f"{each.relative_to(ROOT).as_posix()}/*{suffix}" for each in homes}
    assert needed == installed
    for target, pattern in setup["options.data_files"].items():
        assert Path("share/nncli", pattern.strip()).parent == Path(target)


def test_lessons_that_are_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are missed in one line."""
    monkeypatch.setattr(lessons, "ORDER", ("nothing",))
    with pytest.raises(DataError, match="the lessons are not installed; they should be in "):
        lessons_folder()
