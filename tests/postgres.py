"""A database server of the tests' own, where PostgreSQL is installed: apt install postgresql."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "pass/word%"  # noqa: S105 - of a server that lives for a few seconds, with signs that an URL writes otherwise

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""Where Debian keeps its programs, by version; others keep them on the path."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Its URL, password and all. It listens to a socket in a folder of its own and to no port."""
    initdb = shutil.which("initdb", path=os.pathsep.join([*map(str, FOLDERS[::-1]), os.environ.get("PATH", "")]))
    is_root = os.geteuid() == 0  # whom PostgreSQL refuses
    user = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups") if is_root else ()
    if initdb is None or (user and shutil.which("setpriv") is None):
        pytest.skip("needs PostgreSQL (apt install postgresql), and as root setpriv")
    programs = Path(initdb).parent
    with tempfile.TemporaryDirectory() as name:  # its path is short, as a socket's has to be
        folder = Path(name)
        if is_root:
            shutil.chown(folder, "nobody", "nogroup")
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        _run(*user, initdb, "-D", folder / "data", "-U", "nncli", "-A", "scram-sha-256", "--no-sync",
             "--locale=C", "--encoding=UTF8", f"--pwfile={folder / 'password'}")  # fmt: skip
        control = (*user, programs / "pg_ctl", "-D", folder / "data", "-w")
        _run(*control, "-l", folder / "log", "-o", f"-k {folder} -c listen_addresses= -c fsync=off", "start")
        try:
            yield f"postgresql://nncli:{quote(PASSWORD, safe='')}@/postgres?host={quote(name, safe='')}"
        finally:
            _run(*control, "-m", "immediate", "stop")


def _run(*command: str | Path) -> None:
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL, cwd="/")
