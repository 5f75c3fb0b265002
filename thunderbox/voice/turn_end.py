"""Turn end: how long a caller's pause must be before it is the agent's turn.

By default the words decide: a finished sentence takes the usual pause, a dangling word more. Where
a turn model is installed, the tone of voice does. Pure functions.
"""

from __future__ import annotations

from thunderbox.voice.backchannel import pause_factor

FINISHED_MS = 200
"""Pause after what sounded finished; a turn model needs so much silence to tell."""
UNFINISHED_MS = 3_000
"""Pause after what did not: whoever searches for words may take so long."""
DISAGREED_MS = 1_500
"""Pause after what did not, but reads like a whole sentence: one of the two is wrong."""
DANGLING = 3.0
"""Pause factor of words that cannot be the end, whatever they sounded like."""


def turn_pause_ms(usual_ms: int, text: str, finished: bool | None) -> int:
    """Silence in ms that ends a turn of these words; `finished` is what the turn model says of
    the sound, None where there is none."""
    factor = pause_factor(text)
    if finished is None:
        return round(usual_ms * factor)
    if not finished:
        return max(usual_ms, DISAGREED_MS if factor == 1.0 else UNFINISHED_MS)
    return usual_ms if factor >= DANGLING else min(usual_ms, FINISHED_MS)
