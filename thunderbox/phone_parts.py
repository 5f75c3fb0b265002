"""What the box says of its phone."""

from __future__ import annotations

from thunderbox.calls.ports import Registration
from thunderbox.calls.requests import PartState
from thunderbox.sip.endpoint import PhoneState


def phone_parts(state: PhoneState) -> dict[str, PartState]:
    """The phone, and the trunk of the settings where there is one."""
    parts = {
        "sip": PartState(
            ok=bool(state.listening),
            detail="" if state.listening else state.detail or "The phone is not running.",
            facts={
                "listening": state.listening,
                "codecs": list(state.codecs),
                "lines_used": state.lines_used,
                "lines_max": state.lines_max,
                "process": state.process or None,
                "failures": state.failures,
            },
        )
    }
    trunk = state.trunk
    if trunk.registration is not Registration.NONE:
        usable = trunk.usable
        parts["trunk"] = PartState(
            ok=usable,
            detail="" if usable else f"Not registered: {trunk.status} {trunk.text}".strip(),
            facts={
                "registration": trunk.registration.value,
                "sip_status": trunk.status,
                "since": trunk.since.isoformat(),
            },
        )
    return parts
