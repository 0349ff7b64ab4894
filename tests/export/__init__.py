"""Tests of the ONNX export; most need onnx and onnxruntime."""
