"""Maintenance: what the box does by itself at night."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from thunderbox.errors import StoreError
from thunderbox.settings import BackupSettings
from thunderbox.store.backup import back_up, prune

log = logging.getLogger(__name__)

LATE_S = 3600
"""A night's work that could not start on time is still done within the hour."""

FORGET_MINUTE = 30
"""Minutes after the backup."""


class Maintenance:
    """The box's nightly work: a backup of the database, and then what is old is forgotten."""

    def __init__(
        self,
        settings: BackupSettings,
        database: Path,
        backups: Path,
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        """`forget` deletes what is too old to be kept."""
        self._forget = forget
        self._settings = settings
        self._database = database
        self._backups = backups
        self._scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": LATE_S}
        )

    def start(self) -> None:
        """Plan the work, in the machine's local time."""
        if self._settings.keep:
            self._scheduler.add_job(
                self.back_up, CronTrigger(hour=self._settings.hour), id="backup"
            )
        self._scheduler.add_job(
            self.forget, CronTrigger(hour=self._settings.hour, minute=FORGET_MINUTE), id="forget"
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """Plan nothing more."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def back_up(self) -> None:
        """Copy the database and delete the oldest copies; a failure is a line in the log."""
        try:
            path = await back_up(self._database, self._backups, datetime.now().astimezone())
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence says it all
            return
        gone = prune(self._backups, self._settings.keep)
        log.info("Backed up the database as %s; %d old ones deleted", path.name, len(gone))

    async def forget(self) -> None:
        """Delete what is too old; a failure is a line in the log."""
        try:
            await self._forget()
        except StoreError as error:
            log.error("%s", error)  # noqa: TRY400 - the sentence says it all
