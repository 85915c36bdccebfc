"""Where the host wants it, the links of media are fetched when their message is sent, and sent as uploads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from answers import data, error
from batches import send_batch
from factories import MEDIA_SEND, MESSAGES, RECIPIENT, RECORDING, MakeWorld
from flask_waapi.content import (
    Image,
)
from flask_waapi.testing.graph_double import Close, ErrorAnswer
from link_shop import FETCHING, MakeShop, Shop, whole
from media_files import JPEG, PDF, STICKER, TAKEN


class TestASend:
    """What reaches the provider."""

    @pytest.mark.parametrize(("kind", "mime_type", "content"), TAKEN.values(), ids=TAKEN)
    def test_the_content_is_uploaded_and_sent_by_its_id(
        self, shop: Shop, kind: str, mime_type: str, content: bytes
    ) -> None:
        shop.answer = whole(content)

        sent = data(shop.send(kind, "a%20file?x=y#z"), 201)

        medium = shop.sent()[kind]
        assert sent["status"] == "sent"
        assert "link" not in medium
        assert shop.uploaded(medium["id"]) == (mime_type, content)

    def test_the_stored_message_keeps_the_link(self, shop: Shop) -> None:
        uuid = data(shop.send(caption="A cat"), 201)["message_uuid"]

        assert shop.world.message(uuid).content == {"link": shop.link(), "caption": "A cat"}
        assert shop.sent()["image"]["caption"] == "A cat"

    def test_by_default_a_link_is_passed_on_and_nothing_is_fetched(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_MEDIA_LINKS="pass")

        data(shop.send(), 201)

        assert shop.sent()["image"] == {"link": shop.link()}
        assert shop.fetched == 0

    def test_a_simulated_message_is_not_fetched(self, shop: Shop) -> None:
        data(shop.send(simulate=True), 201)
        key = shop.world.issue_key("test", mode="test")
        data(shop.world.post(MEDIA_SEND, {"to": RECIPIENT, "type": "image", "link": shop.link()}, key), 201)

        assert shop.fetched == 0

    def test_a_provider_that_keeps_no_media_gets_the_link(self, make_world: MakeWorld) -> None:
        world = make_world(**RECORDING, **FETCHING)

        data(world.post(MEDIA_SEND, {"to": RECIPIENT, "type": "image", "link": "https://example.com/a"}), 201)

        assert world.script.sent[0].content == Image("https://example.com/a")

    @pytest.mark.parametrize(
        ("path", "members", "filename"),
        [
            ("bills/May%202026.pdf?token=x/y", {}, "May 2026.pdf"),
            ("bill.pdf", {"filename": "yours.pdf"}, "yours.pdf"),
        ],
    )
    def test_a_document_has_the_name_of_its_link_unless_the_message_names_another(
        self, shop: Shop, path: str, members: dict[str, Any], filename: str
    ) -> None:
        shop.answer = whole(PDF)

        data(shop.send("document", path, **members), 201)

        assert shop.sent()["document"]["filename"] == filename

    def test_a_message_in_meta_s_words_is_treated_alike(self, shop: Shop) -> None:
        members = {"link": shop.link(), "caption": "A cat"}
        body = {"to": RECIPIENT, "type": "image", "image": members}

        uuid = data(shop.world.post(MEDIA_SEND, body), 201)["message_uuid"]

        sent = shop.sent()["image"]
        assert shop.uploaded(sent.pop("id")) == ("image/jpeg", JPEG)
        assert sent == {"caption": "A cat"}
        assert shop.link() in str(shop.world.message(uuid).content)

    def test_so_is_the_header_of_an_interactive_message(self, shop: Shop) -> None:
        buttons = [{"id": "yes", "title": "Yes"}]
        header = {"image": {"link": shop.link()}}
        members = {"type": "button", "body": "A cat?", "buttons": buttons, "header": header}

        data(shop.world.post(f"{MESSAGES}/interactive/send", {"to": RECIPIENT, **members}), 201)

        medium = shop.sent()["interactive"]["header"]["image"]
        assert shop.uploaded(medium["id"]) == ("image/jpeg", JPEG)

    def test_messages_of_a_batch_python_and_a_schedule_are_treated_alike(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")
        world = shop.world

        later = (world.clock() + timedelta(hours=1)).isoformat()
        items = [{"type": "image", "to": f"+123456789{last}", "link": shop.link("batch")} for last in "12"]
        send_batch(world, items)
        world.post(
            MEDIA_SEND, {"to": "+1234567893", "type": "image", "link": shop.link("later"), "send_at": later}
        )
        with world.app.app_context():
            world.waapi.send_media("+1234567894", "image", link=shop.link("python"))
        world.work()
        assert [message.status for message in world.messages()].count("sent") == 3
        world.clock.advance(timedelta(hours=1))
        world.work()

        assert len(shop.double.messages) == 4
        assert all("id" in message.body["image"] for message in shop.double.messages)
        assert {message.status for message in world.messages()} == {"sent"}


class TestAFailure:
    """What the sender hears of a link that gives nothing to send."""

    @pytest.mark.parametrize(
        ("answer", "told"),
        [
            (b"HTTP/1.1 404 X\r\n\r\n", "HTTP status 404"),
            (b"HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\n\r\n", "not a public address"),
            (whole(b"<html>Not found</html>\x00"), "of no type that is known"),
            (whole(PDF), "application/pdf by its content"),
            (whole(b""), "empty"),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", "up to 5,242,880"),
            (whole(JPEG).replace(b"text/html", b"a\r\nContent-Encoding: gzip"), "compressed"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "valid HTTP"),
        ],
        ids=["404", "redirect", "page", "other kind", "empty", "too large", "compressed", "no HTTP"],
    )
    def test_a_link_that_will_never_do_is_rejected(self, shop: Shop, answer: bytes, told: str) -> None:
        shop.answer = answer

        found = error(shop.send(), 422, "MESSAGE_REJECTED")

        assert told in found["message"]
        assert shop.world.message().status == "failed"
        assert shop.world.message().due_at is None
        assert (shop.double.messages, shop.fetched) == ((), 1)

    @pytest.mark.parametrize("link", ["https://10.0.0.1/", "https://169.254.169.254/", "https://[::1]/a"])
    def test_so_is_a_link_to_an_address_that_is_not_public(self, make_shop: MakeShop, link: str) -> None:
        shop = make_shop(WAAPI_MEDIA_LINK_ALLOW_LOOPBACK=False)

        found = error(shop.send(link=link), 422, "MESSAGE_REJECTED")

        assert "not a public address" in found["message"]

    def test_what_is_allowed_to_webhooks_is_not_allowed_to_links(self, make_shop: MakeShop) -> None:
        shop = make_shop(
            WAAPI_MEDIA_LINK_ALLOW_LOOPBACK=False,
            WAAPI_WEBHOOK_ALLOW_LOOPBACK=True,
            WAAPI_WEBHOOK_ALLOW_HTTP=True,
        )

        error(shop.send(), 422, "MESSAGE_REJECTED")
        assert shop.fetched == 0

    def test_a_sticker_that_does_not_move_has_the_smaller_limit(self, shop: Shop) -> None:
        shop.answer = whole(STICKER + bytes(200_000))

        found = error(shop.send("sticker"), 422, "MESSAGE_REJECTED")

        assert "up to 102,400" in found["message"]

    def test_nothing_of_what_the_link_gave_is_told(self, shop: Shop) -> None:
        shop.answer = whole(b"<html>internal-secret</html>\x00")

        answer = shop.send()

        assert "internal-secret" not in answer.text
        assert "internal-secret" not in str(vars(shop.world.message()))

    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"HTTP/1.1 503 X\r\nRetry-After: 77\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        ],
        ids=["closed", "503", "cut short"],
    )
    def test_a_link_that_may_do_later_is_the_caller_s_to_send_again(self, shop: Shop, answer: bytes) -> None:
        shop.answer = answer

        failed = shop.send()

        error(failed, 503, "PROVIDER_UNAVAILABLE")
        assert shop.double.messages == ()
        if b"77" in answer:
            assert failed.headers["Retry-After"] == "77"

    def test_an_acknowledged_message_is_tried_again_until_the_link_does(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread")
        shop.answer = b"HTTP/1.1 503 X\r\nRetry-After: 60\r\n\r\n"
        data(shop.send(), 202)
        shop.world.work()
        waiting = shop.world.message()
        assert (waiting.status, waiting.failure_code) == ("queued", "PROVIDER_UNAVAILABLE")

        shop.answer = whole(JPEG)
        shop.world.clock.advance(60)
        shop.world.work()

        assert shop.world.message().status == "sent"
        assert shop.fetched == 2

    def test_it_is_given_up_like_any_other(self, make_shop: MakeShop) -> None:
        shop = make_shop(WAAPI_DISPATCH="thread", WAAPI_MAX_ATTEMPTS=3)
        shop.answer = b"HTTP/1.1 500 X\r\n\r\n"
        data(shop.send(), 202)

        for _ in range(5):
            shop.world.work()
            shop.world.clock.advance(timedelta(hours=1))

        message = shop.world.message()
        assert (message.status, message.failure_code) == ("failed", "PROVIDER_UNAVAILABLE")
        assert "HTTP status 500" in (message.failure_reason or "")
        assert shop.fetched == 3

    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (ErrorAnswer(131053), 422, "MESSAGE_REJECTED"),
            (ErrorAnswer(190), 502, "PROVIDER_ERROR"),
            (Close(), 503, "PROVIDER_UNAVAILABLE"),
        ],
        ids=["refused", "credentials", "closed"],
    )
    def test_an_upload_that_fails_leaves_no_doubt_that_nothing_was_sent(
        self, shop: Shop, fault: Any, status: int, code: str
    ) -> None:
        shop.double.fail_next(fault, edge="media")

        error(shop.send(), status, code)

        assert shop.world.message().status == "failed"
        assert shop.double.messages == ()
