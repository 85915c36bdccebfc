"""Ten thousand signatures of somebody who does not know the secret, or writes it otherwise than Meta does."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from random import Random

import pytest
import sqlalchemy as sa

from callback_tasks import APP_SECRET, CALLBACK, CLOUD, payload, signature, status
from factories import MakeWorld, World
from flask_waapi.storage.inbound_models import StoredCallback

COUNT = 10_000
BODY = payload([status("read", "wamid.1", 1_780_000_000)])
GOOD = signature(BODY)
DIGEST = GOOD.removeprefix("sha256=")
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
LATIN = "".join(map(chr, range(0xA0, 0x100)))


def _cut(random: Random) -> str:
    begin = random.randrange(len(GOOD))
    return GOOD[begin : begin + random.randrange(len(GOOD))]


def _typo(random: Random) -> str:
    place = random.randrange(len(GOOD))
    return GOOD[:place] + random.choice(PRINTABLE + LATIN) + GOOD[place + random.randrange(2) :]


def _noise(random: Random) -> str:
    return "".join(random.choice(PRINTABLE + LATIN) for _ in range(random.randrange(200)))


def _guess(random: Random) -> str:
    return "sha256=" + random.randbytes(32).hex()


def _other_algorithm(random: Random) -> str:
    name = random.choice(["md5", "sha1", "sha512", "sha224", "blake2b"])
    prefix = random.choice([name, "sha256", "SHA256", "sha-256", ""])
    return f"{prefix}={hmac.new(APP_SECRET.encode(), BODY, getattr(hashlib, name)).hexdigest()}"


def _other_secret(random: Random) -> str:
    secret = random.choice(["", " ", APP_SECRET[:-1], APP_SECRET + " ", APP_SECRET.upper(), "null"])
    return "sha256=" + hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()


def _other_body(random: Random) -> str:
    body = random.choice(
        [b"", BODY + b" ", BODY[:-1], BODY.replace(b"read", b"sent"), b"\xef\xbb\xbf" + BODY]
    )
    return signature(body)


def _doubled(random: Random) -> str:
    guess = _guess(random)
    return random.choice([", ", ",", " ", ";", "\t"]).join(random.sample([GOOD, guess, GOOD], 2))


def _wrapped(random: Random) -> str:
    before, after = random.choice(
        [('"', '"'), ("<", ">"), ("v1,", ""), ("", "="), ("sha256=", ""), ("", "00")]
    )
    return f"{before}{GOOD}{after}"


def _spelt_otherwise(random: Random) -> str:
    return random.choice(
        [
            DIGEST,
            f"SHA256={DIGEST}",
            f"sha256:{DIGEST}",
            f"sha256 ={DIGEST}",
            f"sha256= {DIGEST}",
            f"sha256={DIGEST.upper()}",
            f"sha256=0x{DIGEST}",
        ]
    )


KINDS: tuple[Callable[[Random], str], ...] = (
    _cut,
    _typo,
    _noise,
    _guess,
    _other_algorithm,
    _other_secret,
    _other_body,
    _doubled,
    _wrapped,
    _spelt_otherwise,
)


def hostile(random: Random) -> Iterator[str]:
    """As many signatures as are wanted, none of them the right one."""
    made = 0
    while made < COUNT:
        header = random.choice(KINDS)(random)
        # White space at its ends belongs to no header's value (RFC 9110, section 5.5).
        if header.strip() != GOOD:
            made += 1
            yield header


@pytest.fixture
def cloud(make_world: MakeWorld) -> World:
    """An app of the Cloud API."""
    return make_world(**CLOUD)


def test_every_hostile_signature_is_a_plain_401(cloud: World, record_property: Callable[..., None]) -> None:
    seed = Random().randrange(1_000_000)
    record_property("seed", seed)
    client = cloud.client
    others = []

    for header in hostile(Random(seed)):
        answer = client.post(CALLBACK, data=BODY, headers={"X-Hub-Signature-256": header})
        if answer.status_code != 401 or answer.get_json()["error"]["code"] != "INVALID_SIGNATURE":
            others.append((answer.status_code, header))

    assert others == []
    assert client.post(CALLBACK, data=BODY).status_code == 401
    with cloud.services.store.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredCallback)) == 0


def test_the_right_signature_is_taken(cloud: World) -> None:
    answer = cloud.client.post(CALLBACK, data=BODY, headers={"X-Hub-Signature-256": GOOD})

    assert (answer.status_code, answer.data) == (200, b"")
