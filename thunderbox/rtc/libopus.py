"""Libopus: the codec's own library, as it lies beside PyAV.

PyAV reaches libopus through FFmpeg, which neither decodes the redundancy in packets nor makes up
what is lost. So we call the library that PyAV's wheel brings ourselves. `PyDLL` keeps Python's
lock during a call: one takes 0.02 to 0.3 ms, and to get the lock back beside a thread that
computes takes up to 5 ms.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path
from typing import Any

import av

from thunderbox.errors import StartError

OK = 0
APPLICATION_VOIP = 2048

SET_BITRATE = 4002
SET_COMPLEXITY = 4010
SET_INBAND_FEC = 4012
SET_PACKET_LOSS_PERC = 4014
SET_SIGNAL = 4024
SIGNAL_VOICE = 3001
RESET_STATE = 4028


@cache
def library() -> Any:
    """The library, with the types of what we call. Raises StartError where there is none."""
    path = _path()
    try:
        opus = ctypes.PyDLL(path)
        _declare(opus)
    except (OSError, AttributeError) as error:
        raise StartError(
            f"The Opus library {path} cannot be used ({error}). Install the package av again: "
            "browser calls are coded with the library that its wheel brings."
        ) from error
    return opus


def error_text(code: int) -> str:
    """What an error code of the library means."""
    text: bytes = library().opus_strerror(code)
    return text.decode("ascii", "replace")


def _path() -> str:
    for found in sorted(Path(av.__file__).parent.with_name("av.libs").glob("libopus*.so*")):
        return str(found)
    found_by_name = ctypes.util.find_library("opus")
    if found_by_name is None:
        raise StartError(
            "There is no Opus library. Install the package av as a wheel, which brings one, "
            "or the system's libopus0."
        )
    return found_by_name


def _declare(opus: Any) -> None:
    number, pointer, text = ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
    long = ctypes.c_int32
    declarations: dict[str, tuple[Any, list[Any]]] = {
        "opus_strerror": (text, [number]),
        "opus_get_version_string": (text, []),
        "opus_packet_get_nb_samples": (number, [text, long, long]),
        "opus_encoder_create": (pointer, [long, number, number, pointer]),
        "opus_encoder_destroy": (None, [pointer]),
        # Its further arguments vary: the ones that we need are a request and one number.
        "opus_encoder_ctl": (number, [pointer, number, long]),
        "opus_encode": (long, [pointer, text, number, pointer, long]),
        "opus_decoder_create": (pointer, [long, number, pointer]),
        "opus_decoder_destroy": (None, [pointer]),
        "opus_decoder_ctl": (number, [pointer, number]),
        "opus_decode": (number, [pointer, text, long, pointer, number, number]),
    }
    for name, (result, arguments) in declarations.items():
        function = getattr(opus, name)
        function.restype, function.argtypes = result, arguments
