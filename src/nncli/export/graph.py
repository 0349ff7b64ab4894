"""An ONNX graph, written one operation at a time.

An operation takes values by name and makes a new one. Arrays become constants of the graph; one that was there before,
bit for bit, is used again. Operations are those of opset 17, old enough for runtimes that are not updated every month.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OPSET = 17
"""Version of the operations."""

IR_VERSION = 8
"""Version of the file format, the one that came with the opset."""

LARGEST = 2**31 - 1
"""Bytes that an ONNX file can have, a limit of its encoding."""

TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


class Images(NamedTuple):
    """The images as the blocks take them.

    Attributes:
        levels: Name of the uint8 values, (m, height, width, channels).
        planes: Name of the float32 values 0..255, (m, channels, height, width).
        shape: Height, width and channels.
    """

    levels: str
    planes: str
    shape: tuple[int, int, int]


class Graph:
    """A graph that grows.

    Attributes:
        n_bytes: Of all constants.
    """

    def __init__(self) -> None:
        self.n_bytes = 0
        self._nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], Any] = {}

    def add(self, operation: str, *operands: str | float | NDArray[Any], output: str = "", **attributes: Any) -> str:
        """Append an operation; the name of what it makes.

        Args:
            operation: As ONNX calls it.
            *operands: Names of values, arrays, or numbers, which become float32.
            output: A name for the result, where somebody else is to know it.
            **attributes: Of the operation.
        """
        names = [each if isinstance(each, str) else self.constant(each) for each in operands]
        made = output or f"{operation.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, names, [made], name=made, **attributes))
        return made

    def constant(self, value: float | NDArray[Any]) -> str:
        """The name of a constant."""
        array = np.ascontiguousarray(value if isinstance(value, np.ndarray) else np.float32(value))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"constant_{len(self._constants)}")
            self.n_bytes += array.nbytes
        return str(self._constants[key].name)

    def reshape(self, value: str, *shape: int) -> str:
        """`value` in another shape; 0 stands for the size that the axis has."""
        return self.add("Reshape", value, np.array(shape, np.int64))

    def slice(self, value: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """``value[start:stop:step]`` along an axis."""
        return self.add("Slice", value, *(np.array([number], np.int64) for number in (start, stop, axis, step)))

    def sum(self, value: str, axis: int) -> str:
        """Sums over an axis, which stays with length 1."""
        return self.add("ReduceSum", value, np.array([axis], np.int64), keepdims=1)

    def to_bytes(
        self, inputs: Mapping[str, Sequence[Any]], outputs: Mapping[str, Sequence[Any]], about: Mapping[str, str]
    ) -> bytes:
        """The file; the same graph always gives the same bytes.

        Args:
            inputs: Name -> type and sizes; a name in place of a size stands for any.
            outputs: Likewise.
            about: Metadata, texts by name.
        """
        described = [
            [helper.make_tensor_value_info(name, TYPES[type_], sizes) for name, (type_, *sizes) in values.items()]
            for values in (inputs, outputs)
        ]
        graph = helper.make_graph(self._nodes, "nncli", *described, initializer=list(self._constants.values()))
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="nncli")
        helper.set_model_props(model, dict(about))
        content: bytes = model.SerializeToString(deterministic=True)
        return content
