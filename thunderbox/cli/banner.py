"""What the box says of itself when it is ready: where to call, and how to see the call."""

from __future__ import annotations

import socket

from thunderbox import __version__
from thunderbox.appliance import Appliance
from thunderbox.cli.client import base_url
from thunderbox.settings import Settings


def banner(box: Appliance) -> str:
    """Where to call, the first key where it was just made, and the curl lines."""
    key_file = box.data.first_key
    ask = f'curl -s -H "Authorization: Bearer $(cat {key_file})"'
    url = base_url(box.settings)
    lines = [f"ThunderBox {__version__} is ready after {box.start_seconds:.1f} s.", ""]
    lines += _where_to_call(box.settings)
    if box.settings.web.max_sessions:
        lines += [f"Talk to it:  {url}/widget/demo   in a browser on this machine"]
    lines += ["", f"REST API:    {url}"]
    if box.tls is not None:
        shown = box.tls.certificate.fingerprint
        lines += [f"Browsers:    {box.tls.url}", f"             certificate SHA-256 {shown}"]
    if box.first is not None:
        lines += [f"API key:     {box.first.key}", f"             (shown once; kept in {key_file})"]
    lines += [
        "",
        "The newest call, then what was said in it (its call_id for ID):",
        f"  {ask} '{url}/v1/calls?limit=1'",
        f"  {ask} {url}/v1/calls/ID/transcript",
        "",
    ]
    starters = [card.engine for card in box.engines.cards if card.starter]
    if starters:
        lines += [
            f"{' and '.join(starters)} run small starter models: enough to try the box, not to "
            "run a business. docs/configuration.md says how to bring real ones."
        ]
    return "\n".join([*lines, "Stop with Ctrl-C."])


def _where_to_call(settings: Settings) -> list[str]:
    sip = settings.sip
    if not sip.enabled:
        return ["The phone is off (sip.enabled is false)."]
    lines = []
    for extension, number in settings.extensions.items():
        near, far = hosts(sip.host)
        lines.append(f"Call it:     sip:{extension}@{near}:{sip.port}   from this machine")
        if far is not None:
            lines.append(f"             sip:{extension}@{far}:{sip.port}   from the network")
        lines.append(f"             ({extension} is {number}; `thunderbox demo` calls it for you)")
    return lines or ["No extension is configured, so only numbers of a trunk reach the box."]


def hosts(listening: str) -> tuple[str, str | None]:
    """The phone's address as seen from this machine, and from the network where it has one."""
    if listening not in ("0.0.0.0", "::"):  # noqa: S104 - compared with
        return listening, None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a documentation address: nothing is sent
            own = str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1", None
    return "127.0.0.1", None if own.startswith("127.") else own
