"""Links that are fetched hold a part of the sending threads: what has no links always finds one."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from answers import data
from batches import send_batch
from factories import MEDIA_SEND, RECIPIENT, TEXT_SEND, text_body
from flask_waapi.messaging.media.links import TURN
from flask_waapi.storage.models import Message
from flask_waapi.work.senders import Crew
from link_shop import MakeShop, Shop, whole
from media_files import JPEG
from outgoing.servers import Connection, Server
from waiting import PATIENCE, eventually


class SlowServer(Server):
    """Says nothing to anybody until it is let."""

    def __init__(self) -> None:
        super().__init__(self._wait)
        self.may_answer = threading.Event()

    def _wait(self, connection: Connection) -> None:
        assert self.may_answer.wait(PATIENCE)
        connection.say(whole(JPEG))

    def items(self, count: int) -> list[dict[str, Any]]:
        """Pictures to so many people, each with a link of its own."""
        link = f"http://127.0.0.1:{self.port}"
        people = range(100, 100 + count)
        return [{"type": "image", "to": f"+12345678{last}", "link": f"{link}/{last}.jpg"} for last in people]


def crew_of(shop: Shop) -> Crew[Message]:
    return shop.world.services.worker._senders._crews[0]


def statuses(shop: Shop, kind: str) -> list[str]:
    return [message.status for message in shop.world.messages() if message.type == kind]


def hold_threads(shop: Shop, slow: SlowServer, most: int) -> None:
    """Send until as many threads as may be are at their links, and every other message was put back."""
    while crew_of(shop).take_up():
        assert eventually(lambda: crew_of(shop)._in_hand.total() <= most)
    assert eventually(lambda: slow.connections == most == crew_of(shop)._in_hand.total())


@pytest.mark.parametrize(("threads", "most"), [(4, 2), (3, 1), (2, 1)])
def test_a_text_finds_a_thread_while_links_are_waited_for(
    threads: int, most: int, make_shop: MakeShop
) -> None:
    shop = make_shop(WAAPI_DISPATCH="thread", WAAPI_SEND_THREADS=threads)
    with SlowServer() as slow:
        send_batch(shop.world, slow.items(6))
        hold_threads(shop, slow, most)
        data(shop.world.post(TEXT_SEND, text_body()), 202)

        crew_of(shop).take_up()
        sent = eventually(lambda: statuses(shop, "text") == ["sent"])
        waiting = statuses(shop, "image")
        slow.may_answer.set()
        crew_of(shop).finish()

    assert sent
    assert waiting == ["queued"] * 6


def test_what_finds_no_thread_for_its_links_waits_its_turn_and_no_attempt_is_counted(
    make_shop: MakeShop,
) -> None:
    shop = make_shop(WAAPI_DISPATCH="thread", WAAPI_SEND_THREADS=4)
    with SlowServer() as slow:
        send_batch(shop.world, slow.items(6))
        hold_threads(shop, slow, 2)
        put_back = [message for message in shop.world.messages() if message.claimed_at is None]
        slow.may_answer.set()
        crew_of(shop).finish()

        turns = sorted(message.due_at - shop.world.clock() for message in put_back if message.due_at)
        assert turns == [TURN / 2 * place for place in (1, 2, 3, 4)]
        assert [message.attempts for message in put_back] == [0] * 4

        for _ in range(4):
            shop.world.clock.advance(TURN)
            shop.world.work()

    assert statuses(shop, "image") == ["sent"] * 6
    assert [message.attempts for message in shop.world.messages()] == [1] * 6


def test_what_finds_no_thread_in_its_time_has_expired(make_shop: MakeShop) -> None:
    shop = make_shop(WAAPI_DISPATCH="thread", WAAPI_SEND_THREADS=2)
    with SlowServer() as slow:
        send_batch(shop.world, slow.items(1))
        hold_threads(shop, slow, 1)
        link = f"http://127.0.0.1:{slow.port}/late.jpg"
        body = {"to": RECIPIENT, "type": "image", "link": link, "expires_in": 30}
        late = data(shop.world.post(MEDIA_SEND, body), 202)["message_uuid"]
        hold_threads(shop, slow, 1)
        shop.world.clock.advance(timedelta(seconds=30))

        has_failed = eventually(
            lambda: crew_of(shop).take_up() == 0 and shop.world.message(late).status == "failed"
        )
        slow.may_answer.set()
        crew_of(shop).finish()

    assert has_failed
    assert shop.world.message(late).failure_code == "MESSAGE_EXPIRED"


def test_what_a_link_gave_before_needs_no_thread_for_links(make_shop: MakeShop) -> None:
    shop = make_shop(WAAPI_DISPATCH="thread", WAAPI_SEND_THREADS=2)
    shop.send()
    shop.world.work()
    with SlowServer() as slow:
        send_batch(shop.world, slow.items(1))
        hold_threads(shop, slow, 1)
        known = data(shop.send(), 202)["message_uuid"]

        crew_of(shop).take_up()
        sent = eventually(lambda: shop.world.message(known).status == "sent")
        slow.may_answer.set()
        crew_of(shop).finish()

    assert sent
