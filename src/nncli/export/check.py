"""Whether an ONNX file says what nncli says: the same images through both.

Random images are noise, flat colors, ramps and blocks, since noise alone has neither edges nor flat places. One comes
alone, the others many at a time: the batch can have any size.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from nncli.data.folder_walk import find_images
from nncli.data.image.decoding import ImageError, decode_image
from nncli.errors import DataError, NncliError
from nncli.model.task import Multilabel, Regression, Task
from nncli.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from nncli.model.predictor import Predictor

TOLERANCE = 1e-5
"""Largest difference between two probabilities: float32 here, float64 there."""

TOLERANCE_ON_BACKBONE = 1e-4
"""Likewise with somebody's network in it: it may be deep, and sums one image in another order than many."""

TOLERANCE_OF_FLOAT16 = 0.01
"""Likewise where the weights are kept as float16, which has 11 significant bits."""

N_RANDOM = 16
"""Random images of each kind."""

MOST_REAL = 256
"""Most real images."""

TOGETHER = 32
"""Images in a batch."""


def open_session(content: bytes) -> Callable[[NDArray[np.uint8]], list[NDArray[Any]]]:
    """Session of onnxruntime on an ONNX file: a function from images, (m, height, width, channels), to its outputs.

    Where the file takes another layout, it gets the images in that one.

    Raises:
        NncliError: onnxruntime refuses the file.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # it would start one for each core of the machine, also of one that it may not use
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common class
        line = str(error).splitlines()[0]
        raise NncliError(f"onnxruntime {onnxruntime.__version__} cannot use the file: {line}") from error

    takes_floats = session.get_inputs()[0].type == "tensor(float)"

    def run(images: NDArray[np.uint8]) -> list[NDArray[Any]]:
        try:
            return list(session.run(None, {"images": channels_first(images) if takes_floats else images}))
        except Exception as error:  # a network of somebody may want as many images as it was made for
            line, shown = printable(str(error).splitlines()[0])[:150], counted(len(images), "image")
            message = f"onnxruntime {onnxruntime.__version__} cannot run the file on {shown}: {line}"
            raise NncliError(f"{message}; export the backbone for any number of images") from error

    return run


def channels_first(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The same images in the layout ``nchw-float``, (m, channels, height, width) from 0 to 1."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def largest_difference(content: bytes, predictor: Predictor, image_sets: Iterable[NDArray[np.uint8]]) -> float:
    """The largest difference of a probability between an ONNX file and nncli; infinite where labels are wrong.

    Of a regression it is that of a number, as a share of its size and its standard deviation.

    Args:
        content: Of the file.
        predictor: Of the same model.
        image_sets: Images as rows, (m, n values) each.
    """
    task = predictor.model.task
    run, shape, largest = open_session(content), predictor.model.image_format.shape, 0.0
    for rows in image_sets:
        for start, stop in [(0, 1), *((each, each + TOGETHER) for each in range(0, len(rows), TOGETHER))]:
            expected = predictor.probabilities(rows[start:stop])
            found, *label = run(rows[start:stop].reshape(-1, *shape))
            if found.shape != expected.shape or any(not np.array_equal(_labels(found, task), each) for each in label):
                return np.inf
            scale = task.deviation + np.abs(expected) if isinstance(task, Regression) else 1.0
            largest = max(largest, float(np.nan_to_num(np.abs(found - expected) / scale, nan=np.inf).max()))
    return largest


def _labels(probabilities: NDArray[Any], task: Task) -> NDArray[Any]:
    """The other output of an ONNX file, from its probabilities, (m, K): the best class, (m,), or all labels, (m, K)."""
    if isinstance(task, Multilabel):
        return (probabilities >= task.thresholds.astype(np.float32)).astype(np.int64)
    return np.asarray(probabilities.argmax(axis=1))


def random_images(image_format: ImageFormat) -> NDArray[np.uint8]:
    """Images of several kinds, one per row."""
    rng = np.random.default_rng(0)
    height, width, channels = image_format.shape

    def levels(*sizes: int) -> NDArray[Any]:
        return rng.integers(0, 256, (N_RANDOM, *sizes, channels))

    ramp = (np.linspace(0, 1, height)[:, None] * np.linspace(0, 1, width))[..., None]
    row, column = np.arange(height) * 4 // height, np.arange(width) * 4 // width
    grays = np.linspace(0, 255, N_RANDOM).reshape(-1, 1, 1, 1)
    shape = N_RANDOM, height, width, channels
    kinds = [
        levels(height, width),
        np.broadcast_to(levels(1, 1), shape),
        np.broadcast_to(grays, shape),
        levels(1, 1) * ramp + levels(1, 1) * (1 - ramp),
        levels(4, 4)[:, row][:, :, column],
    ]
    return np.concatenate(kinds).astype(np.uint8).reshape(N_RANDOM * len(kinds), -1)


def real_images(folder: str, image_format: ImageFormat) -> NDArray[np.uint8]:
    """Images from all over a folder, one per row; those that cannot be read are left out.

    Raises:
        DataError: There is none.
    """
    paths = list(find_images(folder))
    rows = []
    for path in paths[:: math.ceil(len(paths) / MOST_REAL) or 1]:
        with contextlib.suppress(ImageError):
            rows.append(decode_image(path, image_format))
    if not rows:
        raise DataError(f"{printable(folder)}: no image in it can be read")
    return np.stack(rows)
