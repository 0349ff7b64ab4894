"""Takes away what $TESTS_WITHOUT names, before anything is imported; see the package."""

import os
import signal
import sys

for _name in os.environ.get("TESTS_WITHOUT", "").replace(",", " ").split():
    if hasattr(os, _name):
        delattr(os, _name)
    elif hasattr(signal, _name):
        delattr(signal, _name)
    else:
        sys.modules[_name] = None  # type: ignore[assignment]
