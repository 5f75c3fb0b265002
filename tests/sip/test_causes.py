"""What a SIP status means for the end of a call."""

from __future__ import annotations

import pytest

from thunderbox.sip.causes import Past, cause_of
from thunderbox.voice.leg import EndCause


@pytest.mark.parametrize(
    ("past", "cause"),
    [
        (Past(outbound=True, answered=False, rang=True, status=486), EndCause.BUSY),
        (Past(outbound=True, answered=False, rang=True, status=600), EndCause.BUSY),
        (Past(outbound=True, answered=False, rang=True, status=480), EndCause.NO_ANSWER),
        (Past(outbound=True, answered=False, rang=True, status=487), EndCause.NO_ANSWER),
        (Past(outbound=True, answered=False, rang=True, status=408), EndCause.NO_ANSWER),
        (Past(outbound=True, answered=False, rang=False, status=408), EndCause.UNREACHABLE),
        (Past(outbound=True, answered=False, rang=False, status=503), EndCause.UNREACHABLE),
        (Past(outbound=True, answered=False, rang=False, status=502), EndCause.UNREACHABLE),
        (Past(outbound=True, answered=False, rang=False, status=0), EndCause.UNREACHABLE),
        (Past(outbound=True, answered=False, rang=True, status=403), EndCause.REFUSED),
        (Past(outbound=True, answered=False, rang=True, status=404), EndCause.REFUSED),
        (Past(outbound=True, answered=False, rang=True, status=488), EndCause.REFUSED),
        (Past(outbound=True, answered=False, rang=True, status=603), EndCause.REFUSED),
        (Past(outbound=True, answered=False, rang=True, status=302), EndCause.REFUSED),
        (Past(outbound=True, answered=True, rang=True, status=200), EndCause.CALLER_HANGUP),
        (Past(outbound=False, answered=True, rang=False, status=200), EndCause.CALLER_HANGUP),
        (Past(outbound=False, answered=True, rang=False, status=408), EndCause.UNREACHABLE),
        (Past(outbound=False, answered=False, rang=False, status=487), EndCause.CANCELLED),
    ],
)
def test_cause(past: Past, cause: EndCause) -> None:
    assert cause_of(past) is cause
