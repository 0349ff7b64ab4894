#!/bin/sh
# onnx 1.23.2: compose.add_prefix (and merge_models with prefixes) renames a constant of the graph, but not where a
# branch of an If or the body of a Loop reads it from around itself: the model that comes out is invalid.
# add_prefix_graph does so, too, unless it is told the new names of the constants in name_map before it starts.
# Seen: the branch still reads "c", the constant is called "p/c", and the checker refuses the model.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    onnx==1.23.2 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper


def branch(name: str) -> onnx.GraphProto:
    value = helper.make_tensor_value_info(name, TensorProto.FLOAT, [2])
    return helper.make_graph([helper.make_node("Mul", ["x", "c"], [name])], name, [], [value])


x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
node = helper.make_node("If", ["yes"], ["y"], then_branch=branch("a"), else_branch=branch("b"))
constants = [numpy_helper.from_array(np.float32([1, 2]), "c"), numpy_helper.from_array(np.array(True), "yes")]
graph = helper.make_graph([node], "graph", [x], [y], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
onnx.checker.check_model(model)


def state(graph: onnx.GraphProto) -> bool:
    inside, names = graph.node[0].attribute[0].g.node[0].input, [each.name for each in graph.initializer]
    print(f"the branch reads {list(inside)}, the constants are {names}")
    return inside[1] in names


renamed = state(compose.add_prefix(model, "p/").graph)
told = state(compose.add_prefix_graph(model.graph, "p/", name_map={"c": "p/c"}))
raise SystemExit(0 if told and not renamed else 1)
PYTHON
