"""Makes models of real size without any download, so that the cost of a call is real.

    python bench/real_size_models.py [--out build/bench-models] [--large]

Whisper base (CTranslate2, int8), a 0.5B Llama (GGUF, Q4_0) and a medium Piper voice, with random
weights of the right shapes; with --large a 1.5B Llama, too. They load through the box's own
engines. What they say is fixed (see whisper_shape.py, llama_shape.py, piper_shape.py), so that
each answer has the same number of tokens. Needs what bench/requirements.txt names.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import llama_shape
import piper_shape
import whisper_shape


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench-models"), metavar="DIR")
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    if not (options.out / "whisper-base" / "vocabulary.json").is_file():
        whisper_shape.write(options.out / "whisper-base")
    shapes = {"llama-0.5b": llama_shape.HALF}
    if options.large:
        shapes["llama-1.5b"] = llama_shape.ONE_AND_A_HALF
    for name, shape in shapes.items():
        path = options.out / f"{name}.gguf"
        if not path.is_file():
            partial = path.with_suffix(".partial")
            tokens = llama_shape.write(partial, shape)
            partial.rename(path)
            print(f"{path}: an answer has {tokens} tokens")
    if not any((options.out / "voice").glob("*.onnx.json")):
        piper_shape.write(options.out / "voice")
    for path in sorted(options.out.rglob("*")):
        if path.is_file():
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
