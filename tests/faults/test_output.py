"""Events that nobody reads any more, or that a full disk does not take: what was trained is saved."""

from __future__ import annotations

import pytest

from tests.faults.pipes import shell
from tests.faults.place import contents, place


@pytest.mark.parametrize(("stdout", "code"), [("| head -n 3", 0), ("> >(head -c 300 > /dev/null)", 0)])
def test_a_reader_of_events_that_has_enough(stdout: str, code: int) -> None:
    """Training ends silently, with all that was trained saved; it can go on."""
    with place() as root:
        result = shell(str(root), f"set -o pipefail; $NNCLI train c.yaml -q --json --epochs 5000 --out run {stdout}")
        assert (code, "") == (result.returncode, result.stderr)
        metadata, _ = contents(root / "run")["last.npz"]
        assert 0 < len(metadata["history"]) < 5000
        assert metadata["best_epoch"] > 0
        assert "model.npz" in contents(root / "run")


def test_a_full_disk_for_events() -> None:
    """One line and a failure, and what was trained is saved; the limit on files' sizes stands for the disk."""
    with place() as root:
        (root / "events").write_bytes(bytes(300_000))
        limit = "trap '' XFSZ; ulimit -f 300"
        result = shell(str(root), f"{limit}; $NNCLI train c.yaml -q --json --epochs 5000 --out run >> events")
        assert (1, "nncli: standard output: File too large\n") == (result.returncode, result.stderr)
        assert len(contents(root / "run")["last.npz"][0]["history"]) > 9
