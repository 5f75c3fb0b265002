"""`thunderbox calls`: what was said, from the running box."""

from __future__ import annotations

from typing import Annotated

import typer

from thunderbox.cli import transcript
from thunderbox.cli.client import BoxClient
from thunderbox.cli.options import DEFAULT_DATA, ConfigOption, DataOption, out, read_settings
from thunderbox.errors import ThunderBoxError

app = typer.Typer(help="Look at calls of the running box.", no_args_is_help=True)


@app.command("last")
def last(config: ConfigOption = None, data: DataOption = DEFAULT_DATA) -> None:
    """Show the newest call and its transcript."""
    with BoxClient(read_settings(config), data) as box:
        newest = box.get("/v1/calls", limit=1)["results"]
        if not newest:
            raise ThunderBoxError("No call has reached the box yet.")
        _show(box, int(newest[0]["call_id"]))


@app.command("show")
def show(
    call_id: Annotated[int, typer.Argument(help="The call's id.")],
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Show one call and its transcript."""
    with BoxClient(read_settings(config), data) as box:
        _show(box, call_id)


def _show(box: BoxClient, call_id: int) -> None:
    call = box.get(f"/v1/calls/{call_id}")
    rows = box.get(f"/v1/calls/{call_id}/transcript", live="true")["transcripts"]
    transcript.show(out, call, rows)
