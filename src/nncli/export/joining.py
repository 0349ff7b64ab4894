"""Somebody's ONNX network as a part of a graph of ours.

    names     those of its values, nodes and constants get a prefix, so that none is there twice
    input     becomes the value of ours that it is given
    opset     all operations of a file are of one version; the newest that a network is written in counts. An older
              network is converted by onnx; of our own operations only those with axes changed (`axes_as_inputs`)
    batch     whatever number of images the network was written for, its sizes are no longer part of the file

Its metadata, such as a license, are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import compose, helper, version_converter

from nncli.errors import UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

AXES_ARE_INPUTS = {"ReduceSum": 13, "ReduceMean": 18}
"""Operation -> opset from which on its axes are an input and no attribute."""

OWN_DOMAIN = "", "ai.onnx"
"""Names of the operations that come with ONNX."""


class Joined(NamedTuple):
    """A network and its place.

    Attributes:
        model: As its file has it, an onnx.ModelProto.
        file: Name of the file, for messages.
        prefix: Of everything in it.
        input: Its value that takes the images.
        given: The value of ours that it gets.
    """

    model: Any
    file: str
    prefix: str
    input: str
    given: str

    @property
    def opset(self) -> int:
        """Version of ONNX's own operations in it; 0 where it has none."""
        return max((each.version for each in self.model.opset_import if each.domain in OWN_DOMAIN), default=0)

    def about(self) -> dict[str, str]:
        """Metadata of the network, and who made it."""
        model = self.model
        made = {name: str(getattr(model, name)) for name in ("producer_name", "producer_version", "domain")}
        made["doc_string"] = model.doc_string or model.graph.doc_string
        told = made | {each.key: each.value for each in model.metadata_props}
        return {f"{self.prefix}{key}": value for key, value in told.items() if value}

    def renamed(self, opset: int) -> Any:
        """The model in the version `opset`, with its prefix, reading what it is given.

        Raises:
            UsageError: onnx cannot convert it.
        """
        model = self._converted(opset)
        # Branches of an `If` read constants around them; add_prefix_graph renames there what it has been told before.
        constants = {each.name: self.prefix + each.name for each in model.graph.initializer}
        names = constants | {self.input: self.given}
        compose.add_prefix_graph(model.graph, self.prefix, rename_inputs=False, inplace=True, name_map=names)
        return model

    def _converted(self, opset: int) -> Any:
        if self.opset in (0, opset):
            copy = onnx.ModelProto()
            copy.CopyFrom(self.model)
            return copy
        try:
            return version_converter.convert_version(self.model, opset)
        except Exception as error:  # a RuntimeError or its own, which onnx does not name
            reason = printable((str(error).splitlines() or [""])[0])[:120]
            raise UsageError(
                f"{printable(self.file)}: is of opset {self.opset}, the rest of the file of opset {opset}, and onnx "
                f"{onnx.__version__} cannot convert it ({reason}); export the network again with opset {opset}"
            ) from error


def other_domains(networks: list[Joined]) -> list[Any]:
    """Versions of operations that are not ONNX's own, of all networks together.

    Raises:
        UsageError: Two networks want different ones.
    """
    versions: dict[str, tuple[int, str]] = {}
    for network in networks:
        for each in network.model.opset_import:
            version, file = versions.setdefault(each.domain, (each.version, network.file))
            if version != each.version and each.domain not in OWN_DOMAIN:
                both = f"{printable(file)} {version}, {printable(network.file)} {each.version}"
                raise UsageError(f"operations {printable(each.domain)}: {both}; a file has one version of them")
    return [helper.make_opsetid(name, version) for name, (version, _) in versions.items() if name not in OWN_DOMAIN]


def functions_of(networks: list[Joined]) -> list[Any]:
    """Functions that networks define for themselves.

    Raises:
        UsageError: Two of one name differ.
    """
    found: dict[tuple[str, str], Any] = {}
    for network in networks:
        for each in network.model.functions:
            if found.setdefault((each.domain, each.name), each) != each:
                raise UsageError(f"{printable(network.file)}: another backbone has a function {printable(each.name)}")
    return list(found.values())


def axes_as_inputs(node: Any, opset: int, constant: Callable[[Any], str]) -> Any:
    """A node of ours, of opset 11, as a newer opset writes it.

    Args:
        node: An onnx.NodeProto.
        opset: The newer one.
        constant: From an array to the name of a constant.
    """
    if opset < AXES_ARE_INPUTS.get(node.op_type, opset + 1):
        return node
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    axes = constant(np.array(attributes.pop("axes"), np.int64))
    return helper.make_node(node.op_type, [*node.input, axes], node.output, name=node.name, **attributes)
