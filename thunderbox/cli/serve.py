"""`thunderbox serve`: the box itself."""

from __future__ import annotations

import asyncio
import signal

import uvloop

from thunderbox.appliance import Appliance
from thunderbox.cli.banner import banner
from thunderbox.cli.options import (
    DEFAULT_DATA,
    ConfigOption,
    DataOption,
    VerboseOption,
    config_path,
    out,
    read_settings,
    set_up_logging,
)


def serve(
    config: ConfigOption = None,
    data: DataOption = DEFAULT_DATA,
    verbose: VerboseOption = False,
) -> None:
    """Start the box: it answers the phone until Ctrl-C, which says goodbye to running calls."""
    settings = read_settings(config)
    set_up_logging(settings.log.level, verbose)
    uvloop.run(_run(Appliance(settings, data, config_path(config))))


async def _run(box: Appliance) -> None:
    """Start, say where to call, wait for the end, stop; a signal counts at any moment."""
    loop = asyncio.get_running_loop()
    starting = asyncio.create_task(box.start())

    def stop() -> None:
        starting.cancel()
        box.request_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await starting
    except asyncio.CancelledError:
        return
    try:
        out.print(banner(box), markup=False, soft_wrap=True)
        await box.run_until_stopped()
        out.print("Stopping: running calls hear goodbye.")
    finally:
        await box.stop()
