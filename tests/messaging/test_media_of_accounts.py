"""A medium is found among the many of its account."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from factories import World
from flask_waapi.errors import NotFound


def test_it_is_looked_up_by_the_whole_of_an_index(world: World) -> None:
    asked: list[tuple[str, Any]] = []
    engine = world.services.store.engine

    def note(connection: Any, cursor: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", note)
    with pytest.raises(NotFound):
        world.services.media.get("default", "4711")
    sa.event.remove(engine, "before_cursor_execute", note)

    ((statement, values),) = asked
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "(account=? AND provider=? AND media_id=?)" in plan[0].detail
