"""Cpu: which processor this is and which of its instructions the models can use."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_NOTABLE = {
    "avx2": "AVX2",
    "fma": "FMA",
    "f16c": "F16C",
    "avx512f": "AVX-512",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "avx_vnni": "AVX-VNNI",
    "amx_tile": "AMX",
    "asimd": "NEON",
    "asimddp": "NEON dot product",
    "i8mm": "int8 matrices",
    "sve": "SVE",
}


@dataclass(frozen=True, slots=True)
class Cpu:
    """A processor as the operating system describes it."""

    name: str
    flags: frozenset[str]

    def has(self, flag: str) -> bool:
        """Whether the processor announces an instruction set, by its name in /proc/cpuinfo.

        A virtual machine may still forbid what its processor announces (AMX often).
        """
        return flag in self.flags

    @property
    def notable(self) -> list[str]:
        """The instruction sets that matter for models, by their usual names."""
        return [name for flag, name in _NOTABLE.items() if flag in self.flags]

    @property
    def quick_enough(self) -> bool:
        """Whether models run at the speed of speech: every x86 since 2013, every 64-bit ARM."""
        return {"avx2", "fma"} <= self.flags or "asimd" in self.flags


def parse(cpuinfo: str) -> Cpu:
    """The first processor of a /proc/cpuinfo."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip().lower(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    return Cpu(name, frozenset((fields.get("flags") or fields.get("features") or "").split()))


@lru_cache(maxsize=1)
def this_cpu() -> Cpu:
    """The processor that this process runs on."""
    try:
        return parse(Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        return parse("")
