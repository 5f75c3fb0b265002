"""Once a box serves, what takes long is done, and what stays is not looked through again."""

from __future__ import annotations

import gc

from litestar import Litestar

from thunderbox.api.settling import Settling


async def test_a_box_that_has_settled_collects_only_what_is_new(routes: Litestar) -> None:
    routes.state.pop("document", None)
    old = [object]
    settling = Settling(routes)
    await settling._task
    assert routes.state.get("document")
    new = [object]
    assert not looked_through(old)
    assert looked_through(new)
    await settling.close()
    assert looked_through(old)


def looked_through(what: list[type]) -> bool:
    """Whether the garbage collector sees this very list."""
    return any(found is what for found in gc.get_objects())
