"""Make a tiny Piper voice: the shapes of a real one (VITS), random weights, a few kilobytes.

What it says is noise, but as long as the text and made by the same code as a real voice.

usage: python -m tests.tools.make_piper_voice DIRECTORY [NAME]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

RATE = 22_050
HOP = 256
_SYMBOLS = 256
_WIDTH = 8


def make_piper_voice(directory: Path, name: str = "en_US-tiny-low") -> Path:
    """Write `NAME.onnx` and `NAME.onnx.json`; returns the first."""
    random = np.random.default_rng(7)
    weights = {
        "embedding": random.normal(0.0, 1.0, (_SYMBOLS, _WIDTH)),
        "upsample": random.normal(0.0, 0.02, (_WIDTH, 1, 2 * HOP)),
    }
    nodes = [
        helper.make_node("Gather", ["embedding", "input"], ["embedded"]),
        helper.make_node("Transpose", ["embedded"], ["channels"], perm=[0, 2, 1]),
        helper.make_node(
            "ConvTranspose",
            ["channels", "upsample"],
            ["wave"],
            strides=[HOP],
            pads=[HOP // 2, HOP // 2],
        ),
        helper.make_node("Tanh", ["wave"], ["limited"]),
        helper.make_node("Unsqueeze", ["limited", "axis"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "voice",
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, 1, "samples"])],
        [
            *(numpy_helper.from_array(w.astype(np.float32), key) for key, w in weights.items()),
            numpy_helper.from_array(np.array([1], np.int64), "axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    onnx.checker.check_model(model)
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.onnx"
    onnx.save(model, str(path))
    config = {
        "audio": {"sample_rate": RATE, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "language": {"code": name.partition("-")[0]},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": _SYMBOLS,
        "num_speakers": 1,
        "speaker_id_map": {},
    }
    path.with_name(path.name + ".json").write_text(json.dumps(config), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(make_piper_voice(Path(sys.argv[1]), *sys.argv[2:3]))
