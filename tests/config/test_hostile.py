"""Whatever bytes a config has: a config or a `ConfigError`, soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nncli.config import Override, load_config
from nncli.config.reading import LARGEST_FILE
from nncli.errors import ConfigError
from nncli.text import printable
from tests.config.files import SMALLEST
from tests.config.test_config_file import EVERYTHING

PIECES = [
    *"\n \t:,-?[]{}&*!|>'\"%@#~",
    "  ",
    "---",
    "...",
    "<<",
    "data",
    "path",
    "training",
    "epochs",
    "auto",
    "1e3",
    "\\u",
]
PIECES += [
    "\r",
    "\x00",
    "\x85",
    "\u2028",
    "\ufeff",
    "é",
    "😀",
    ": ",
    "- ",
    "\n  ",
    "null",
    "0x",
    "%YAML 1.1",
    "*a",
    "&a ",
]

quickly = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def load(content: bytes, *overrides: Override) -> None:
    """Load the bytes; if they are refused, it is in printable lines."""
    path = Path("config.yaml")
    path.write_bytes(content)
    try:
        load_config(path, overrides)
    except ConfigError as error:
        assert error.problems
        assert all(line == printable(line) for problem in error.problems for line in problem.split("\n"))


@quickly
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    """Random bytes raise nothing but `ConfigError`."""
    load(content)


@quickly
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Random text raises nothing but `ConfigError`."""
    load(text.encode(errors="surrogatepass"))


@quickly
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_yaml(text: str) -> None:
    """Texts made of YAML's own signs raise nothing but `ConfigError`."""
    load(text.encode())


@quickly
@given(
    st.sampled_from(["data.path", "training.class_weights", "network.layer_dims", "data", "x"]), st.text(max_size=40)
)
def test_any_override(key: str, value: str) -> None:
    """Neither do values from the command line."""
    load(SMALLEST.encode(), Override(key, value, f"--set {key}={value}"), Override("data.path", value, "--data", True))


@quickly
@given(
    st.lists(
        st.tuples(st.integers(0, len(EVERYTHING) - 1), st.integers(0, 20), st.binary(max_size=4)),
        min_size=1,
        max_size=4,
    )
)
def test_mutated_bytes(changes: list[tuple[int, int, bytes]]) -> None:
    """Neither does a good config in which some bytes are replaced by others."""
    content = bytearray(EVERYTHING.encode())
    for at, length, new in changes:
        content[at : at + length] = new
    load(bytes(content))


ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + last] * 9)}]\n" for last, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "aliases": ALIASES,
    "merge keys": "a: &a {x: 1}\n" + "".join(f"a{i}: &a{i}\n  <<: [{'*a, ' * 9}*a]\n" for i in range(1500)),
    "deep list": "[" * LARGEST_FILE,
    "deep mapping": "{a: " * (LARGEST_FILE // 4),
    "deep block": "".join(" " * i + "a:\n" for i in range(400)),
    "deep list items": "- " * (LARGEST_FILE // 2),
    "question marks": "? " * (LARGEST_FILE // 2),
    "many keys": "".join(f"k{i}:\n" for i in range(15_000))[:LARGEST_FILE],
    "many unknown keys": "data:\n" + "".join(f"  k{i}: 1\n" for i in range(4_900)),
    "many near misses": "training:\n" + "".join(f"  {i}learning_rat: 1\n" for i in range(4_500)),
    "many duplicates": "data:\n" + "  a: 1\n" * 4_900,
    "many bad weights": "training:\n  class_weights:\n" + "".join(f"    k{i}: x\n" for i in range(4_900)),
    "long key": "data:\n  " + "k" * 90_000 + ": 1\n",
    "long explicit key": "data:\n  ? " + "k" * 90_000 + "\n  : 1\n",
    "long value": "data:\n  color: " + "v" * 90_000 + "\n",
    "long integer": "training:\n  seed: " + "9" * 90_000 + "\n",
    "long float": "training:\n  l2: " + "9" * 90_000 + ".5\n",
    "long exponent": "training:\n  l2: 1e" + "9" * 90_000 + "\n",
    "long hexadecimal": "training:\n  seed: 0x" + "f" * 90_000 + "\n",
    "long quoted": 'data:\n  path: "' + "\\n" * 45_000 + '"\n]',
    "open quote": "data: '" + "x" * 90_000,
    "long block scalar": "data: |\n" + " x\n" * 30_000,
    "comments": "#\n" * (LARGEST_FILE // 2),
    "blank lines": "\n" * LARGEST_FILE,
    "long path": "data:\n  path: " + "a/" * 40_000 + "\n",
    "dots": "data:\n  path: " + "../" * 30_000 + "\n",
    "wide": "data:\n  " + "中" * 30_000 + ": 1\n",
    "escapes": "data:\n  " + "\u202e" * 30_000 + ": 1\n",
    "directive": "%YAML 1." + "9" * 90_000 + "\n---\n",
    "tags": "".join(f"%TAG !{i}! x\n" for i in range(5_000)) + "---\n!1!x a: b\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name: str) -> None:
    """No 100 KB take longer than a second or fill the screen."""
    content = BOMBS[name].encode()
    assert len(content) <= LARGEST_FILE
    Path("config.yaml").write_bytes(content)
    start = time.process_time()
    try:
        load_config(Path("config.yaml"))
    except ConfigError as error:
        assert len(str(error)) < 60_000
    assert time.process_time() - start < 1
