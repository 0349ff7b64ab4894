"""Answers of somebody's ONNX network as features.

A network that was trained on millions of other images has learned what edges, textures and parts are good for. Its
last layers but one answer to new images, too, and on top of these answers a small network learns from few examples
(Donahue et al. 2014, "DeCAF"; Razavian et al. 2014, "CNN features off-the-shelf"). Nothing is changed in it.

    x = (pixel / 255 - mean) / deviation    for each channel
    features = the value `output` of the network for x

Images go through it one at a time, or as many as the file is made for: so the answer does not depend on what other
images come along. All cores work, a process each, with a session of its own.

Where a GPU computes the other blocks, one process takes images from there and brings features back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import DataError
from nncli.features.block import FixedBlock
from nncli.features.onnx_network import TYPES, open_session, read_bytes, resolved
from nncli.machine.backend import on_host
from nncli.text import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.block import Array
    from nncli.features.settings import Shape


__all__ = ["BackboneBlock", "resolved"]


class BackboneBlock(FixedBlock):
    """The block `backbone`; nothing is learned here.

    Args:
        settings: With nothing left to the file.
        shape: Height, width and channels of the images.
    """

    def __init__(self, settings: Any, shape: Shape) -> None:
        super().__init__(settings, shape)
        self._sessions: dict[int, Any] = {}

    @classmethod
    def fit(cls, settings: Any, images: NDArray[np.uint8], rng: np.random.Generator) -> BackboneBlock:
        """The block for such images; its file is what it should be."""
        block = super().fit(settings, images, rng)
        block.prepare()
        return block

    def prepare(self) -> None:
        """See that the file is there and the same, before processes are started.

        Raises:
            DataError: It is missing or another one.
        """
        read_bytes(self.settings.model, self.settings.sha256)

    def extract(self, images: NDArray[np.uint8], out: Array) -> None:
        """Write the features of `images`, (m, height, width, channels), to `out`, (m, n_features)."""
        images, session = on_host(images), self._session()
        taken = next(each for each in session.get_inputs() if each.name == self.settings.input)
        together = taken.shape[0] if isinstance(taken.shape[0], int) else 1
        dtype = TYPES[taken.type]
        for start in range(0, len(images), together):
            part = images[start : start + together]
            batch = self._scaled(np.resize(part, (together, *part.shape[1:])), dtype)
            answer = session.run([self.settings.output], {self.settings.input: batch})[0]
            rows = np.asarray(answer, np.float32).reshape(together, -1)[: len(part)]
            if rows.shape[1] != self.n_features or not np.isfinite(rows).all():
                place = printable(self.settings.model)
                raise DataError(f"{place}: {rows.shape[1]} answers, not {self.n_features} finite ones")
            out[start : start + len(part)] = np.asarray(rows, like=out)

    def _session(self) -> Any:
        """The session of this process: one that was opened before a fork is its parent's."""
        own = os.getpid()
        if own not in self._sessions:
            content = read_bytes(self.settings.model, self.settings.sha256)
            self._sessions = {own: open_session(content, self.settings.output)}
        return self._sessions[own]

    def _scaled(self, images: NDArray[Any], dtype: Any) -> NDArray[Any]:
        """Images as the network takes them."""
        settings = self.settings
        if settings.order == "bgr":
            images = images[..., ::-1]
        if dtype != np.uint8:
            values = images.astype(np.float32) / 255
            images = (values - np.float32(settings.mean)) / np.float32(settings.deviation)
        if settings.layout == "nchw":
            images = images.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(images, dtype)
