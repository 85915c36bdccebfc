"""How often a link of a medium is fetched, for how long, and where in a content it may stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from answers import data, error
from batches import send_batch
from factories import MEDIA_SEND, RECIPIENT, MakeWorld, World
from flask_waapi import OutboundMessage
from flask_waapi.content import (
    Carousel,
    CarouselCard,
    Document,
    Header,
    Image,
    Native,
    Template,
    TemplateCard,
    Variable,
    with_media,
)
from flask_waapi.identifiers import uuid7
from flask_waapi.messaging.media import links
from flask_waapi.messaging.media.kinds import MEGABYTE
from flask_waapi.messaging.media.links import LinkedMedia, filename_of
from flask_waapi.outgoing.fetching import Fetched
from flask_waapi.testing import ManualClock
from flask_waapi.testing.graph_double import ErrorAnswer
from link_shop import FETCHING, MakeShop, Shop, whole
from media_files import JPEG
from outgoing.servers import Connection, Server


class TestHowOften:
    """A stranger's server is not asked for the same again and again."""

    def test_a_batch_with_one_link_asks_once(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")
        items = [{"type": "image", "to": f"+12345678{last}", "link": shop.link()} for last in range(10, 30)]
        send_batch(shop.world, items)

        shop.world.work()

        assert shop.fetched == 1
        assert len({message.body["image"]["id"] for message in shop.double.messages}) == 1
        assert len(shop.double.messages) == 20

    def test_a_retry_of_the_send_asks_no_more(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")
        shop.double.fail_next(ErrorAnswer(131000, http_status=503, retry_after=30), edge="messages")
        data(shop.send(), 202)

        shop.world.work()
        assert shop.world.message().status == "queued"
        shop.world.clock.advance(60)
        shop.world.work()

        assert (shop.world.message().status, shop.fetched) == ("sent", 1)

    def test_after_ten_minutes_it_is_fetched_anew(self, shop: Shop) -> None:
        shop.send()
        shop.world.clock.advance(timedelta(minutes=9))
        shop.send()
        assert shop.fetched == 1

        shop.world.clock.advance(timedelta(minutes=1))
        shop.send()

        assert shop.fetched == 2

    def test_as_another_kind_it_is_another_medium(self, shop: Shop) -> None:
        data(shop.send("image"), 201)
        error(shop.send("document"), 422, "MESSAGE_REJECTED")

        assert shop.fetched == 2

    def test_only_so_many_are_remembered(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(links, "MOST_REMEMBERED", 2)
        for path in ("a", "b", "c", "a", "c"):
            data(shop.send(path=path), 201)

        assert shop.fetched == 4


class TestTheClaim:
    """A message is sent only while it is in hand, for as long as a send may take."""

    def test_it_is_longer_where_links_are_fetched(self, make_world: MakeWorld) -> None:
        settings = make_world(**FETCHING, WAAPI_SEND_LEASE=100, WAAPI_MEDIA_LINK_TIMEOUT=50).services.settings

        assert settings.hand_lease == timedelta(seconds=200)

    def test_it_is_as_ever_where_they_are_not(self, world: World) -> None:
        assert world.services.settings.hand_lease == world.services.settings.send_lease

    def test_one_that_took_too_long_to_fetch_is_not_sent_but_tried_again(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")
        slowness = [61, 0]

        def talk(connection: Connection) -> None:
            shop.world.clock.advance(slowness.pop(0))
            connection.say(whole(JPEG))

        with Server(talk) as slow:
            shop.world.post(
                MEDIA_SEND,
                {"to": RECIPIENT, "type": "image", "link": f"http://127.0.0.1:{slow.port}/a.jpg"},
            )
            attempted = shop.world.services.worker.run_once()

            assert attempted
            assert "took so long" in (shop.world.message().failure_reason or "")
            assert shop.double.messages == ()
            shop.world.clock.advance(10)
            shop.world.work()
            # What was uploaded is remembered, so a large medium gets through in the end.
            assert slow.connections == 1

        assert shop.world.message().status == "sent"
        assert len(shop.double.messages) == 1

    def test_one_whose_time_is_over_meanwhile_has_expired(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")

        def talk(connection: Connection) -> None:
            shop.world.clock.advance(40)
            connection.say(whole(JPEG))

        with Server(talk) as slow:
            link = f"http://127.0.0.1:{slow.port}/a.jpg"
            body = {"to": RECIPIENT, "type": "image", "link": link, "expires_in": 30}
            shop.world.post(MEDIA_SEND, body)
            shop.world.work()

        assert shop.world.message().failure_code == "MESSAGE_EXPIRED"
        assert shop.double.messages == ()


class TestItsParts:
    """What is looked for in contents, and what a link tells of its file."""

    def test_all_media_of_one_message_share_one_time(self, clock: ManualClock, shop: Shop) -> None:
        seen = []

        def fetch(link: str, into: Any, *, largest: int, deadline: Any) -> Fetched:
            seen.append((link, largest, deadline))
            into.write(JPEG)
            return Fetched(len(JPEG), "0" * 64)

        cards = (CarouselCard(Image("https://a.com/1")), CarouselCard(image=Image("https://a.com/2")))
        message = OutboundMessage(uuid7(clock()), RECIPIENT, Carousel("Look", cards))
        media = LinkedMedia(shop.world.services.settings, clock, fetch)

        brought = media.brought(message, "main", shop.world.services.providers["main"], timedelta(minutes=1))

        assert isinstance(brought.content, Carousel)
        assert all(card.image and card.image.media_id for card in brought.content.cards)
        assert [link for link, *_ in seen] == ["https://a.com/1", "https://a.com/2"]
        assert {largest for _, largest, _ in seen} == {5 * MEGABYTE}
        assert len({id(deadline) for *_, deadline in seen}) == 1

    def test_the_media_of_a_template_are_those_of_its_header_and_of_its_cards(self) -> None:
        header, card = Header(document=Document("a")), TemplateCard(header=Header(image=Image("b")))
        template = Template("bill", "en", (Variable("x"),), header, cards=(card, card))

        changed = with_media(template, lambda medium: replace(medium, link=None, media_id=f"{medium.link}1"))

        card = TemplateCard(header=Header(image=Image(media_id="b1")))
        assert changed == replace(
            template, header=Header(document=Document(media_id="a1")), cards=(card, card)
        )

    def test_in_meta_s_words_a_medium_is_what_its_object_is_and_nothing_else(self) -> None:
        parameters = [
            {"type": "document", "document": {"link": "a", "x": 1}},
            {"type": "text", "text": "link"},
        ]
        products = [{"image": {"link": "b"}}, {"type": "image", "image": {"id": "1"}}, {"type": []}]
        members = {"template": {"components": [{"parameters": parameters}], "products": products}}

        changed = with_media(
            Native("template", members), lambda medium: Document(None, "7", filename="a.pdf")
        )

        assert isinstance(changed, Native)
        document = {"id": "7", "x": 1, "filename": "a.pdf"}
        assert changed.members == {
            "template": {
                "components": [{"parameters": [{"type": "document", "document": document}, parameters[1]]}],
                "products": products,
            }
        }

    @pytest.mark.parametrize(
        ("link", "name"),
        [
            ("https://good.com/a/b.pdf", "b.pdf"),
            ("https://good.com/a/b.pdf?x=/c.pdf#/d.pdf", "b.pdf"),
            ("https://good.com/Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
            ("https://good.com/..%2F..%2Fetc%2Fpasswd", "passwd"),
            ("https://good.com/a%5Cb.pdf", "b.pdf"),
            ("https://good.com/a%0D%0AX:%20y%00.pdf", "aX: y.pdf"),
            ("https://good.com/" + "a" * 300 + ".pdf", "a" * 236 + ".pdf"),
            ("https://good.com/", "file"),
            ("https://good.com", "file"),
            ("https://good.com/a/..", "file"),
            ("https://good.com/%20", "file"),
        ],
    )
    def test_the_name_of_a_link_s_file_is_a_bare_one(self, link: str, name: str) -> None:
        assert filename_of(link) == name
