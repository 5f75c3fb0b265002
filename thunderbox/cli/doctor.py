"""`thunderbox doctor`: what is wrong with this machine or box, for people and for monitoring."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from thunderbox.cli.checks import Check, State, examine
from thunderbox.cli.options import (
    DEFAULT_DATA,
    ConfigOption,
    DataOption,
    VerboseOption,
    out,
    read_settings,
    set_up_logging,
)

STYLES: dict[State, str] = {"ok": "green", "note": "blue", "warn": "yellow", "fail": "bold red"}
SEVERITY: dict[State, int] = {"ok": 0, "note": 0, "warn": 1, "fail": 2}


def doctor(
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Check Python, processor, ports, codecs, models, disk, database and trunk.

    Exit status 0: all is well (notes included); 1: something deserves a look; 2: something is
    broken.
    """
    settings = read_settings(config)
    set_up_logging("error", verbose)
    findings = list(examine(settings, data))
    worst = max(SEVERITY[finding.state] for finding in findings)
    if as_json:
        typer.echo(json.dumps({"exit": worst, "checks": [asdict(one) for one in findings]}))
    else:
        _show(findings)
    raise typer.Exit(worst)


def _show(findings: list[Check]) -> None:
    table = Table("check", "state", "found", show_lines=False)
    for one in findings:
        table.add_row(one.name, f"[{STYLES[one.state]}]{one.state}[/]", one.detail)
    out.print(table)
