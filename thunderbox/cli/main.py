"""The console script `thunderbox`: puts the commands together and turns errors into sentences."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import typer

from thunderbox.cli import (
    billing,
    call,
    calls,
    demo,
    doctor,
    init,
    keys,
    models,
    serve,
    users,
    version,
)
from thunderbox.cli.options import VerboseOption, err, set_up_logging
from thunderbox.errors import ConfigError, ThunderBoxError

app = typer.Typer(
    name="thunderbox",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("serve")(serve.serve)
app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)
app.command("call")(call.call)
app.add_typer(calls.app, name="calls")
app.add_typer(billing.app, name="billing")
app.add_typer(keys.app, name="keys")
app.add_typer(models.app, name="models")
app.add_typer(users.app, name="users")
app.command("version")(version.version)


@app.callback()
def options(verbose: VerboseOption = False) -> None:
    """A phone agent on your own machine: it answers and places calls with local models."""
    if verbose:
        set_up_logging("debug")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; an error that a person can act on is one sentence on standard error."""
    try:
        app(args=None if arguments is None else list(arguments))
    except ThunderBoxError as error:
        err.print(f"thunderbox: {error}", markup=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, ConfigError) else 1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # a bug: its place is for whoever mends it, not for everybody
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            logging.getLogger(__name__).exception("This is a bug in ThunderBox")
        err.print(
            f"thunderbox: This is a bug in ThunderBox ({type(error).__name__}: {error}). Run "
            "`thunderbox --verbose` with the same command to see where, and report it.",
            markup=False,
            soft_wrap=True,
        )
        sys.exit(70)


if __name__ == "__main__":
    main()
