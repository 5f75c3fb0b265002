"""Callbacks of PJSIP, which run on its threads."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import ParamSpec

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")

Tell = Callable[..., None]
"""Has the loop call a function with arguments."""


def guarded(callback: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let nothing out of a callback: PJSIP could not bear it."""

    @functools.wraps(callback)
    def safe(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception:
            log.exception("A callback of the phone failed.")

    return safe
