"""Summary of a model in words and numbers: the facts that `show` and `report` tell.

Nothing of training is needed for it. A part that only some models have, feature blocks for example, is told where it is
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.model.task import Multilabel

if TYPE_CHECKING:
    from nncli.model.file import Model

OPTIONAL = ("features", "normalization", "ensemble")
"""Parts that not every model has."""


def summarize(model: Model) -> dict[str, Any]:
    """The model's facts, ready for JSON: input, layers, n_parameters, precision, classes, training."""
    layers = layer_table(model)
    return {
        "input": {
            **model.image_format.to_dict(),
            "n_features": model.image_format.n_features,
            "scaling": scaling(model),
        },
        **{name: value for name, value in _optional(model).items() if value},
        "layers": layers,
        "n_parameters": len(model.parameters.members) * sum(layer["parameters"] for layer in layers),
        **({"n_folded": folded} if (folded := n_folded(model)) else {}),
        "precision": str(model.parameters.flat.dtype),
        "classes": list(model.classes),
        **({"thresholds": model.task.thresholds.tolist()} if isinstance(model.task, Multilabel) else {}),
        "training": model.training,
    }


def layer_table(model: Model) -> list[dict[str, Any]]:
    """Inputs, outputs, activation and number of parameters of layers 1..L, of each network of an ensemble."""
    dims, extra = model.layer_dims, 2 * (model.parameters.normalization == "layer")  # a gain and a shift for each unit
    output = model.parameters.output
    return [
        {
            "layer": l,
            "inputs": dims[l - 1],
            "outputs": dims[l],
            "activation": output if l == len(dims) - 1 else model.activation,
            "parameters": dims[l] * (dims[l - 1] + 1 + (extra if l < len(dims) - 1 else 0)),
        }
        for l in range(1, len(dims))
    ]


def n_folded(model: Model) -> int:
    """Gains and shifts of batch normalization that training counted, and that are now folded into the weights."""
    if training_config(model).get("network.normalization") != "batch":
        return 0
    return len(model.parameters.members) * 2 * sum(model.layer_dims[1:-1])


def scaling(model: Model) -> str:
    """How pixel values become network input, in words."""
    scale, offset = model.scaling.scale, model.scaling.offset
    if np.all(scale == scale[0]) and not offset.any():
        return "pixels / 255" if np.isclose(scale[0], 1 / 255) else f"pixels * {scale[0]:g}"
    return "standardized: each value minus its mean, divided by its standard deviation over the training images"


def training_config(model: Model) -> dict[str, Any]:
    """The settings it was trained with, by key, as far as the model tells them: text for people."""
    config = model.training.get("config", {})
    return config if isinstance(config, dict) else {}


def in_words(value: Any) -> str:
    """A fact or a setting as a person writes it: ``patches (size 6, count 200), hog``, not braces and quotes."""
    if isinstance(value, dict):
        kind = value.get("kind")
        if isinstance(kind, str):  # a feature block
            settings = in_words({key: item for key, item in value.items() if key != "kind"})
            return f"{kind} ({settings})" if settings else kind
        return ", ".join(f"{key} {in_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(in_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _optional(model: Model) -> dict[str, Any]:
    """The values of `OPTIONAL`; empty where the model has no such part."""
    blocks = [block.to_dict() for block in model.column.features]
    normalization = model.parameters.normalization
    return {
        "features": [] if blocks == [{"kind": "pixels"}] else blocks,
        "normalization": "" if normalization == "none" else normalization,
        "ensemble": 0 if len(model.parameters.members) == 1 else len(model.parameters.members),
    }
