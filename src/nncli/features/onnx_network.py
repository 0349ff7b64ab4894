"""An ONNX file of somebody else, opened to compute with: what it takes, what it answers, and whether it is the same.

    read        sha256 of the bytes; a file other than the one that was trained with is refused
    described   name and layout of the input, size, mean and deviation, from its shapes and its metadata
    run         by onnxruntime on one thread; features are computed by a process for each core

Only this file and the room export import onnx and onnxruntime, and only where a backbone is used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError, NncliError
from nncli.features.settings.backbone import ANY, AUTO, Backbone
from nncli.machine.extras import refuse_missing
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
"""Types of images that are understood."""

MEAN_KEYS, DEVIATION_KEYS = ("mean", "image_mean"), ("deviation", "std", "image_std")
"""Keys of the metadata, in JSON or numbers with commas between."""

COLORS = 1, 3
"""Numbers of channels there are."""


def read_bytes(path: str, sha256: str = AUTO) -> bytes:
    """Contents of the file of a backbone.

    Args:
        path: Where it is; one of the same name in the working directory will do.
        sha256: What it has to be; `auto` for anything.

    Raises:
        DataError: It cannot be read, or is another one than the model was trained with.
    """
    places = [place for place in (Path(path), Path(Path(path).name)) if place.is_file()]
    if not places:
        raise DataError(f"{printable(path)}: the backbone is missing; put the ONNX file there, or into this folder")
    try:
        content = places[0].read_bytes()
    except OSError as error:
        raise DataError(f"{printable(str(places[0]))}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 not in (AUTO, found):
        reason = f"is another backbone than the one trained with (sha256 {found[:12]}.., not {sha256[:12]}..)"
        raise DataError(f"{printable(str(places[0]))}: {reason}; put the old file back, or train again")
    return content


def open_session(content: bytes, output: str = AUTO) -> Any:
    """Session of onnxruntime; a value within the network that is asked for becomes an output.

    Raises:
        UsageError: The extra is missing.
        NncliError: The file cannot be used, or has no such value.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise refuse_missing("a backbone", error, "onnx") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4

    def opened(data: bytes) -> Any:
        try:
            return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its exceptions have no common class
            reason = printable((str(error).splitlines() or [""])[0])[:150]
            raise NncliError(f"onnxruntime {onnxruntime.__version__} cannot use the file: {reason}") from error

    session = opened(content)
    if output == AUTO or output in [each.name for each in session.get_outputs()]:
        return session
    return opened(_with_output(content, output))


def _with_output(content: bytes, name: str) -> bytes:
    """The file with one more output: a value within the network."""
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load_model_from_string(content))
    made = [value for node in model.graph.node for value in node.output]
    if name not in made:
        last = ", ".join(printable(each) for each in made[-3:])
        raise NncliError(f"the network has no value called {printable(name)}; its last ones are {last}")
    known = [each for each in model.graph.value_info if each.name == name]
    model.graph.output.extend(known or [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)])
    changed: bytes = model.SerializeToString()
    return changed


def resolved(settings: Backbone, folder: Path) -> Backbone:
    """The settings with everything that was left to the file.

    Args:
        settings: As written.
        folder: What its path starts from.

    Raises:
        ValueError: The file cannot be used as a backbone; the message says what to write.
    """
    path = str((folder / Path(settings.model).expanduser()).resolve())
    try:
        content = read_bytes(path, settings.sha256)
        session = open_session(content, settings.output)
    except NncliError as error:
        raise ValueError(str(error)) from error
    taken = _chosen(session.get_inputs(), settings.input, "input")
    answer = _chosen(session.get_outputs(), settings.output, "output")
    if taken.type not in TYPES or len(taken.shape) != 4:
        raise ValueError(f"the input {taken.name} is {taken.type} {taken.shape}, no batch of images")
    layout = settings.layout if settings.layout != AUTO else _layout(taken.shape)
    channels, height, width = (taken.shape[k] for k in ((1, 2, 3) if layout == "nchw" else (3, 1, 2)))
    size: Any = (height, width) if isinstance(height, int) and isinstance(width, int) else ANY
    filled = replace(
        settings,
        model=path,
        output=answer.name,
        input=taken.name,
        layout=layout,
        size=settings.size if settings.size != AUTO else size,
        channels=settings.channels if settings.channels != AUTO else channels if channels in COLORS else 3,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    told = session.get_modelmeta().custom_metadata_map
    filled = replace(filled, **_levels(filled, told, is_bytes=taken.type == "tensor(uint8)"))
    return replace(filled, entries=_entries(answer.shape, answer.name))


def _chosen(values: Sequence[Any], name: str, which: str) -> Any:
    """The input or output that is meant."""
    if name == AUTO and len(values) == 1:
        return values[0]
    for value in values:
        if value.name == name:
            return value
    names = ", ".join(printable(value.name) for value in values)
    raise ValueError(f"name the {which}: the network has {names}")


def _layout(shape: Sequence[Any]) -> str:
    first, last = shape[1] in COLORS, shape[3] in COLORS
    if first == last:
        raise ValueError(f"layout is not clear from the input's shape {list(shape)}: write layout: nchw or nhwc")
    return "nchw" if first else "nhwc"


def _levels(settings: Backbone, told: dict[str, str], *, is_bytes: bool) -> dict[str, Any]:
    """Mean and deviation as they are written, or as the metadata say."""
    found: dict[str, Any] = {}
    for name, keys, neutral in (("mean", MEAN_KEYS, 0.0), ("deviation", DEVIATION_KEYS, 1 / 255)):
        value = getattr(settings, name)
        text = next((told[key] for key in keys if key in told), None)
        if value == AUTO and text:
            value = tuple(float(each) for each in np.ravel(json.loads(text if text.startswith("[") else f"[{text}]")))
        elif value == AUTO and is_bytes:
            value = (neutral,)
        elif is_bytes and value != (neutral,):
            raise ValueError(f"the network takes bytes as they are: remove {name}")
        elif value == AUTO:
            raise ValueError(
                f"the file does not say its {name}: write mean and deviation of values 0..1, such as "
                "[0.485, 0.456, 0.406] and [0.229, 0.224, 0.225] (ImageNet's), 0.5 and 0.5, or 0 and 1"
            )
        if len(value) not in (1, settings.channels):
            raise ValueError(f"{name} has {len(value)} numbers for {settings.channels} channels")
        found[name] = value
    return found


def _entries(shape: Sequence[Any], name: str) -> int:
    if len(shape) < 2 or not all(isinstance(side, int) for side in shape[1:]):
        raise ValueError(
            f"the output {printable(name)} has the shape {list(shape)}, no fixed length: "
            "choose a pooled one, or export the network for one image size"
        )
    return int(np.prod(shape[1:]))
