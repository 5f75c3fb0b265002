"""`thunderbox call`: let the running box place a call, and follow it."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from thunderbox.cli import transcript
from thunderbox.cli.client import BoxClient
from thunderbox.cli.options import DEFAULT_DATA, ConfigOption, DataOption, out, read_settings
from thunderbox.errors import ThunderBoxError

POLL_SECONDS = 0.5
REASONS = {
    "busy": "The number is busy.",
    "no_answer": "Nobody answered.",
    "refused": "The call was refused.",
    "unreachable": "The address cannot be reached.",
    "registration_lost": "The box is not registered with its trunk; `thunderbox doctor` says why.",
    "media_lost": "The sound stopped arriving.",
    "cancelled": "The call was cancelled before it was answered.",
    "error": "A speech or language engine failed; the log of the box says which.",
    "shutdown": "The box was stopped before the call was answered.",
    "interrupted": "The box was stopped during the call.",
}


def call(
    to: Annotated[
        str, typer.Argument(metavar="SIP-URI|NUMBER", help="Whom to call, such as +15550123.")
    ],
    agent: Annotated[
        int | None,
        typer.Option(metavar="ID", help="Id of the agent that talks; without it the number's own."),
    ] = None,
    from_number: Annotated[
        str | None,
        typer.Option("--from", metavar="NUMBER", help="Which of the box's numbers calls."),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Call somebody and show what is said, live, until the call ends."""
    with BoxClient(read_settings(config), data) as box:
        body: dict[str, Any] = {"to_number": to, "from_number": from_number or _number(box, to)}
        if agent is not None:
            body["agent_id"] = agent
        call_id = int(box.post("/v1/call", body)["call_id"])
        out.print(f"Call {call_id} to {to}", style="bold", markup=False, soft_wrap=True)
        ended = _follow(box, call_id)
    out.print(transcript.summary(ended), style="bold", markup=False, soft_wrap=True)
    if ended["status"] == "failed":
        reason = str(ended.get("end_reason"))
        raise ThunderBoxError(
            REASONS.get(reason, f"The call failed ({reason}).")
            + (f" SIP status {ended['sip_status']}." if ended.get("sip_status") else "")
        )


def _follow(box: BoxClient, call_id: int) -> dict[str, Any]:
    """Print each entry of the transcript as it comes; the call once it is over."""
    shown = 0
    while True:
        state: dict[str, Any] = box.get(f"/v1/calls/{call_id}")
        rows = box.get(f"/v1/calls/{call_id}/transcript", live="true")["transcripts"]
        for row in rows[shown:]:
            out.print(transcript.entry(row), soft_wrap=True)
        shown = len(rows)
        if state["status"] in ("completed", "failed"):
            return state
        time.sleep(POLL_SECONDS)


def _number(box: BoxClient, to: str) -> str:
    """The box's first number that may call: any calls SIP addresses, a trunk's calls numbers."""
    for number in reversed(box.get("/v1/phone-numbers")):
        if number["status"] == "active" and (":" in to or number["source"] == "voip"):
            return str(number["number"])
    raise ThunderBoxError(
        "No number of the box can call a telephone number: name the numbers of your trunk in "
        "trunk.numbers, or call a SIP address such as sip:200@192.168.1.20."
    )
