"""Turn a checkpoint into the model that ships: CTranslate2, int8, as faster-whisper loads it.

python export.py --run build/training/speech/run --out build/training/speech/model
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch
from ctranslate2.converters.transformers import WhisperLoader
from tokenizers import Tokenizer
from train import WINDOW_SECONDS
from transformers import WhisperConfig, WhisperForConditionalGeneration


def load(checkpoint: Path) -> tuple[WhisperForConditionalGeneration, int]:
    """Return the network of a checkpoint, and the step it was saved at."""
    state = torch.load(checkpoint, weights_only=True)
    known = {k: v for k, v in state["config"].items() if k not in ("architectures", "model_type")}
    model = WhisperForConditionalGeneration(WhisperConfig(**known)).eval()
    model.load_state_dict(state["model"])
    model.generation_config.suppress_tokens = []
    model.generation_config.begin_suppress_tokens = []
    return model, state["step"]


def export(run: Path, out: Path, quantization: str) -> int:
    """Write the model's files to ``out`` and return the step of the checkpoint."""
    model, step = load(run / "checkpoint.pt")
    with torch.no_grad():
        spec = WhisperLoader().get_model_spec(model)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[model.config.decoder_layers - 1, 0]]
    spec.config.lang_ids = []
    tokens = Tokenizer.from_file(str(run / "tokenizer.json")).get_vocab()
    spec.register_vocabulary(sorted(tokens, key=lambda token: tokens[token]))
    spec.validate()
    spec.optimize(quantization=quantization)
    out.mkdir(parents=True, exist_ok=True)
    spec.save(str(out))
    shutil.copy(run / "tokenizer.json", out / "tokenizer.json")
    # Whisper's defaults, but the window: transcribe() then moves on in steps of 8 s, not 30 s.
    defaults = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400}
    preprocessor = {**defaults, "chunk_length": WINDOW_SECONDS}
    (out / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n")
    return step


def main() -> None:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path("build/training/speech/run"))
    parser.add_argument("--out", type=Path, default=Path("build/training/speech/model"))
    parser.add_argument("--quantization", default="int8")
    arguments = parser.parse_args()
    step = export(arguments.run, arguments.out, arguments.quantization)
    files = sorted(arguments.out.iterdir())
    size = sum(file.stat().st_size for file in files)
    print(f"step {step}: {size / 1e6:.2f} MB in {', '.join(file.name for file in files)}")


if __name__ == "__main__":
    main()
