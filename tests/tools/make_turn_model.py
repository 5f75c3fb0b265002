"""Make a tiny turn model: the input and output of Smart Turn v3, and a rule instead of weights.

Who ends on a low tone has finished, who ends on a high one has not.

usage: python -m tests.tools.make_turn_model FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MELS, FRAMES = 80, 800
END = slice(740, 770)
"""Frames right before a pause of 200 ms, whose edges are blurred."""


def make_turn_model(path: Path, frames: int = FRAMES) -> Path:
    """Write the model; one of another number of `frames` is of another kind."""
    rule = np.zeros((MELS, frames), np.float32)
    rule[: MELS // 2, END] = 1.0
    rule[MELS // 2 :, END] = -1.0
    rule *= 20.0 / (MELS * (END.stop - END.start))
    nodes = [
        helper.make_node("Mul", ["input_features", "rule"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "axes"], ["sum"], keepdims=0),
        helper.make_node("Unsqueeze", ["sum", "last"], ["score"]),
        helper.make_node("Sigmoid", ["score"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "turn",
        [helper.make_tensor_value_info("input_features", TensorProto.FLOAT, ["n", MELS, frames])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1])],
        [
            numpy_helper.from_array(rule, "rule"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array([1], np.int64), "last"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path


if __name__ == "__main__":
    print(make_turn_model(Path(sys.argv[1])))
