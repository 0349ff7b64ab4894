"""nncli: train a neural network on image folders, from the command line, from scratch in NumPy.

From Python: ``from nncli import load, train`` (docs/python.md). They are imported when they are asked for: the command
line, which imports this package too, is not to wait for NumPy. The number of BLAS threads is settled here, before
anything else: whoever comes through this door computes the same bits.
"""

from typing import TYPE_CHECKING

from nncli.machine.blas import choose as _choose_blas_threads

_choose_blas_threads()

__version__ = "0.1.0"

__all__ = ["Classifier", "ImageClassifier", "NncliError", "Prediction", "Run", "__version__", "load", "train"]

if TYPE_CHECKING:
    from nncli.api.classifier import Classifier, Prediction, load
    from nncli.api.estimator import ImageClassifier
    from nncli.api.training import Run, train
    from nncli.errors import NncliError
else:
    _MODULES = {
        **dict.fromkeys(("Classifier", "Prediction", "load"), "nncli.api.classifier"),
        "ImageClassifier": "nncli.api.estimator",
        **dict.fromkeys(("Run", "train"), "nncli.api.training"),
        "NncliError": "nncli.errors",
    }

    def __getattr__(name):
        """Public names, imported at their first use."""
        if name not in _MODULES:
            raise AttributeError(f"module 'nncli' has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_MODULES[name]), name)

    def __dir__():
        """For completion in a shell."""
        return sorted({*globals(), *_MODULES})
