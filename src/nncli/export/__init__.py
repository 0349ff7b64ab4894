"""The model as an ONNX file: the whole path from pixels to probabilities, for other runtimes.

graph.py       an ONNX graph, written one operation at a time
features.py    images -> feature column, block by block; patches.py has the learned patches
joining.py     somebody's network as a part of the graph
network.py     feature column -> probabilities
onnx_file.py   both in one graph, with what must be known about it; written when it has passed the check
check.py       the same images through onnxruntime and through nncli

onnx and onnxruntime are the extra `onnx`; they are imported only here.
"""
