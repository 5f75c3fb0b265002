"""Log-mel features in torch for whole batches, equal to faster-whisper's numpy ones.

Also the telephone line of training: the mu-law steps in the samples, the narrow band in the
power spectrum, where it costs almost nothing.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from faster_whisper.feature_extractor import FeatureExtractor

RATE = 16_000
HOP = 160
WINDOW = 400
MELS = 80
BINS = WINDOW // 2 + 1


class LogMel(torch.nn.Module):
    """Turns (batch, samples) at 16 kHz into (batch, 80, samples / 160 + 1) log-mel frames."""

    def __init__(self) -> None:
        super().__init__()
        filters = FeatureExtractor.get_mel_filters(RATE, WINDOW, MELS).astype(np.float32)
        self.register_buffer("filters", torch.from_numpy(filters))
        hann = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        self.register_buffer("window", torch.from_numpy(hann))

    def forward(
        self,
        samples: torch.Tensor,
        line: tuple[torch.Tensor, torch.Tensor] | None = None,
        throat: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Compute features; ``line`` is from `telephone_line`, ``throat`` from `other_throats`."""
        spectrum = torch.stft(
            F.pad(samples, (0, HOP)), WINDOW, HOP, window=self.window, return_complex=True
        )[..., :-1]
        power = spectrum.real.square() + spectrum.imag.square()
        filters = self.filters
        if line is not None:
            keep, mirror = line
            filters = filters * keep[:, None] + (filters * mirror[:, None]).flip(-1)
        if throat is not None:
            filters = filters @ throat
        log = (filters @ power).clamp(min=1e-10).log10()
        log = torch.maximum(log, log.amax((1, 2), keepdim=True) - 8.0)
        return (log + 4.0) / 4.0


def other_throats(rows: int, share: float = 0.6) -> torch.Tensor:
    """Draw for each row a (bins, bins) stretch of the frequency axis: a shorter or longer throat.

    The synthesiser has few voices; stretched, each becomes many.
    """
    other = torch.rand(rows, 1) < share
    low = torch.where(other, 0.86 + 0.30 * torch.rand(rows, 1), 1.0)
    # Formants do not all move alike: some throats stretch differently below and above 1.5 kHz.
    uneven = other & (torch.rand(rows, 1) < 0.4)
    high = torch.where(uneven, low * (0.86 + 0.28 * torch.rand(rows, 1)), low)
    bins = torch.arange(BINS).float()
    source = bins / torch.lerp(low, high, ((bins - 15) / 45).clamp(0, 1))
    return (1 - (source[..., None] - bins).abs()).clamp(min=0)


def _mu_law_table() -> torch.Tensor:
    """Return the sample that each 16-bit sample becomes after a mu-law round trip."""
    samples = torch.arange(-32768, 32768) / 32768
    coded = samples.sign() * torch.log1p(255 * samples.abs()) / math.log(256)
    coded = (coded * 127).round() / 127
    return (coded.sign() * (256 ** coded.abs() - 1) / 255).float()


MU_LAW = _mu_law_table()


def mu_law(samples: torch.Tensor) -> torch.Tensor:
    """Round every sample to the 256 steps of G.711 mu-law."""
    index = (samples * 32768).clamp(-32768, 32767).to(torch.int32) + 32768
    return MU_LAW[index]


def telephone_line(rows: int, wide_share: float = 0.25) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw for each row the power kept per bin, and the power mirrored from across 4 kHz.

    Narrow rows lose what lies above a cut near 4 kHz. How the line was widened again differs from
    box to box, so some rows get faint mirror images, and some those of straight-line interpolation.
    """
    bins = torch.arange(BINS).float()
    cut = 86 + 13 * torch.rand(rows, 1)
    keep = torch.sigmoid((cut - bins) * (0.8 + torch.rand(rows, 1)))
    leak = torch.where(torch.rand(rows, 1) < 0.5, 0.0, 10 ** (-3 - 5 * torch.rand(rows, 1)))
    mirror = keep.flip(1) * leak
    straight = ((1 + torch.cos(bins * math.pi / (BINS - 1))) / 2).square()
    linear = torch.rand(rows, 1) < 0.15
    mirror = torch.where(linear, keep.flip(1) * straight, mirror)
    keep = torch.where(linear, keep * straight, keep)
    no_bass = torch.rand(rows, 1) < 0.2
    keep = torch.where(no_bass, keep * torch.sigmoid((bins - 5) * 1.5), keep)
    wide = torch.rand(rows, 1) < wide_share
    return torch.where(wide, 1.0, keep), torch.where(wide, 0.0, mirror)
