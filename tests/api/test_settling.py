"""Once a box serves, what takes long is done, and what stays is not looked through again."""

from __future__ import annotations

import gc

from litestar import Litestar

from thunderbox.api.settling import Settling


async def test_a_box_that_has_settled_collects_only_what_is_new(routes: Litestar) -> None:
    routes.state.pop("document", None)
    before = len(gc.get_objects())
    settling = Settling(routes)
    await settling._task
    assert routes.state.get("document")
    assert gc.get_freeze_count() >= before
    await settling.close()
    assert gc.get_freeze_count() == 0
