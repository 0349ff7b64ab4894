"""``python -m nncli`` is the same program as ``nncli``.

It takes a moment until the program listens to signals itself. Before that, and when everything is done, an interruption
is not to show a traceback.
"""

from __future__ import annotations

import signal


def main() -> None:
    """Run the program and exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nncli.cli.main import main as run

    try:
        run()
    finally:  # the exit code is settled
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):  # not every operating system has the last one
                signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    main()
