"""An ONNX graph, written one operation at a time.

An operation takes values by name and makes a new one. Arrays become constants of the graph. What was there before, the
same operation on the same values or the same constant bit for bit, is used again. A name tells which part of the model
a node belongs to, as viewers of graphs show it: ``network_2/layer_1/gemm_31``. The opset is the oldest one that has the
operations, for runtimes that are old themselves; with somebody's network in it (joining.py) it is that network's.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from nncli.export.joining import Joined, axes_as_inputs, functions_of, other_domains

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

OPSET, IR_VERSION = 11, 6
"""Version of the operations, and of the file format that came with it: GatherElements and Round are of 11."""

HALVED = 1 << 12
"""Bytes from which a constant is kept as float16 where that is wanted: the few numbers of the others cost nothing."""

LARGEST_HALF = 65504.0
"""Largest number of float16."""

LARGEST = 2**31 - 1
"""Bytes that an ONNX file can have, a limit of its encoding."""

TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}


Layout = Literal["nhwc-uint8", "nchw-float"]
"""How a program hands over images: bytes with the channels last, or float32 from 0 to 1 with the channels first."""


class Images(NamedTuple):
    """The images as the blocks take them, float32 from 0 to 255.

    Attributes:
        graph: What they are part of.
        name: Of the images in their layout.
        layout: As they are handed over.
        shape: Height, width and channels.
    """

    graph: Graph
    name: str
    layout: Layout
    shape: tuple[int, int, int]

    @property
    def pixels(self) -> str:
        """Name of the values with the channels last, (m, height, width, channels)."""
        return self.name if self.layout == "nhwc-uint8" else self.graph.add("Transpose", self.name, perm=[0, 2, 3, 1])

    @property
    def planes(self) -> str:
        """Name of the values with the channels first, (m, channels, height, width)."""
        return self.name if self.layout == "nchw-float" else self.graph.add("Transpose", self.name, perm=[0, 3, 1, 2])


class Graph:
    """A graph that grows.

    Attributes:
        n_bytes: Of all constants.
    """

    def __init__(self) -> None:
        self.n_bytes = 0
        self._nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], Any] = {}
        self._made: dict[tuple[Any, ...], str] = {}
        self._joined: list[Joined] = []
        self._parts: list[str] = []

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Inside, the names of new nodes and constants begin with that of this part, and of those around it."""
        self._parts.append(name)
        try:
            yield
        finally:
            self._parts.pop()

    def add(self, operation: str, *operands: str | float | NDArray[Any], output: str = "", **attributes: Any) -> str:
        """Append an operation unless it is there already; the name of what it makes.

        Args:
            operation: As ONNX calls it.
            *operands: Names of values, arrays, or numbers, which become float32.
            output: A name for the result, where somebody else is to know it.
            **attributes: Of the operation.
        """
        names = [each if isinstance(each, str) else self.constant(each) for each in operands]
        key = operation, *names, output, str(sorted(attributes.items()))
        if key not in self._made:
            made = output or self._name(f"{operation.lower()}_{len(self._nodes)}")
            self._nodes.append(helper.make_node(operation, names, [made], name=made, **attributes))
            self._made[key] = made
        return self._made[key]

    def join(self, model: Any, file: str, taken: str, given: str, answer: str) -> str:
        """Put somebody's network in; the name of one of its values.

        Args:
            model: The network, an onnx.ModelProto.
            file: Its name, for messages.
            taken: The input that takes the images.
            given: The value that it gets.
            answer: The value that is asked for.
        """
        prefix = self._name(f"network_{len(self._joined) + 1}/")
        self._joined.append(Joined(model, file, prefix, taken, given))
        self._nodes.append(self._joined[-1])
        self.n_bytes += model.ByteSize()
        return prefix + answer

    def _name(self, last: str) -> str:
        return "/".join([*self._parts, last])

    def constant(self, value: float | NDArray[Any]) -> str:
        """The name of a constant."""
        array = np.ascontiguousarray(value if isinstance(value, np.ndarray) else np.float32(value))
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, self._name(f"constant_{len(self._constants)}"))
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
        return self.add("ReduceSum", value, axes=[axis], keepdims=1)

    def at_least(self, value: str, limit: float) -> str:
        """max(value, limit), by an operation that all programs read: OpenCV 4.6 takes no constant for `Max`."""
        return self.add("Add", self.add("Relu", self.add("Sub", value, limit)), limit)

    def at_most(self, value: str, limit: float) -> str:
        """min(value, limit), likewise."""
        return self.add("Sub", limit, self.add("Relu", self.add("Sub", limit, value)))

    def mean(self, values: Sequence[str]) -> str:
        """The mean of several values of one shape: OpenCV (4.14, 5.0) computes `Mean` of four and more wrongly."""
        total = values[0]
        for value in values[1:]:
            total = self.add("Add", total, value)
        return total if len(values) == 1 else self.add("Mul", total, 1 / len(values))

    def to_bytes(
        self,
        inputs: Mapping[str, Sequence[Any]],
        outputs: Mapping[str, Sequence[Any]],
        about: Mapping[str, str],
        *,
        float16: bool = False,
    ) -> bytes:
        """The file; the same graph always gives the same bytes.

        What a network that was put in says about itself is added to the metadata.

        Args:
            inputs: Name -> type and sizes; a name in place of a size stands for any.
            outputs: Likewise.
            about: Metadata, texts by name.
            float16: Keep constants of more than a few numbers in half the bytes; they are computed with as float32.
        """
        described = [
            [helper.make_tensor_value_info(name, TYPES[type_], sizes) for name, (type_, *sizes) in values.items()]
            for values in (inputs, outputs)
        ]
        opset = max([OPSET, *(each.opset for each in self._joined)])
        nodes, theirs, sparse = self._at(opset)
        casts, constants = self._halved() if float16 else ([], list(self._constants.values()))
        graph = helper.make_graph(
            [*casts, *nodes], "nncli", *described, [*constants, *theirs], sparse_initializer=sparse
        )
        opsets = [helper.make_opsetid("", opset), *other_domains(self._joined)]
        version = max([IR_VERSION, *(each.model.ir_version for each in self._joined)])
        model = helper.make_model(graph, opset_imports=opsets, ir_version=version, producer_name="nncli")
        model.functions.extend(functions_of(self._joined))
        helper.set_model_props(model, {**about, **{k: v for each in self._joined for k, v in each.about().items()}})
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _at(self, opset: int) -> tuple[list[Any], list[Any], list[Any]]:
        """All nodes in that version, and the constants and sparse constants of the networks that were put in."""
        nodes, constants, sparse = [], [], []
        for node in self._nodes:
            if isinstance(node, Joined):
                theirs = node.renamed(opset).graph
                nodes += theirs.node
                constants += theirs.initializer
                sparse += theirs.sparse_initializer
            else:
                nodes.append(axes_as_inputs(node, opset, self.constant))
        return nodes, constants, sparse

    def _halved(self) -> tuple[list[Any], list[Any]]:
        """The operations that make float32 of float16 constants, and all constants."""
        casts, constants = [], []
        for tensor in self._constants.values():
            array = numpy_helper.to_array(tensor)
            if array.dtype == np.float32 and array.nbytes >= HALVED and np.abs(array).max() <= LARGEST_HALF:
                name = f"{tensor.name}_float16"
                constants.append(numpy_helper.from_array(array.astype(np.float16), name))
                cast = helper.make_node("Cast", [name], [tensor.name], name=f"{tensor.name}_cast", to=TensorProto.FLOAT)
                casts.append(cast)
            else:
                constants.append(tensor)
        return casts, constants
