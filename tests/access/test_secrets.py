"""The secret of a key: its form, its entropy, and that garbage is told apart without any I/O."""

from __future__ import annotations

import hashlib
import hmac
import math
import re
import string
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import assume, given
from hypothesis import strategies as st

from answers import error
from factories import MESSAGES, World
from flask_waapi.access.secrets import MODES, PATTERN, digest, generate, is_well_formed, masked

ALPHABET = string.digits + string.ascii_letters
SECRET = generate("live")

modes = st.sampled_from(MODES)


@contextmanager
def counting_statements(world: World) -> Iterator[list[str]]:
    """The SQL statements run within the block."""
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    sa.event.listen(world.services.store.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(world.services.store.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("mode", MODES)
def test_a_secret_names_its_mode_and_has_the_published_form(mode: str) -> None:
    secret = generate(mode)

    assert re.fullmatch(PATTERN, secret)
    assert re.fullmatch(rf"wak_{mode}_[0-9A-Za-z]{{32}}[0-9A-Za-z]{{6}}", secret)
    assert len(secret) == 47
    assert is_well_formed(secret)


def test_every_random_character_is_drawn_from_all_62() -> None:
    drawn_from: list[str] = []

    def choose(alphabet: str) -> str:
        drawn_from.append(alphabet)
        return alphabet[0]

    generate("live", choose)

    assert len(drawn_from) == 32
    assert {"".join(sorted(alphabet)) for alphabet in drawn_from} == {"".join(sorted(ALPHABET))}
    assert 32 * math.log2(len(set(drawn_from[0]))) > 190


def test_secrets_differ_and_use_their_whole_alphabet() -> None:
    secrets = [generate("live") for _ in range(500)]

    assert len(set(secrets)) == 500
    seen = Counter("".join(secret[9:41] for secret in secrets))
    assert set(seen) == set(ALPHABET)
    # 16,000 draws from 62: 258 each, give or take 16; seven times that is never seen.
    assert 145 < min(seen.values()) <= max(seen.values()) < 371


@given(modes, st.integers(0, 46), st.characters())
def test_no_single_character_can_be_changed(mode: str, place: int, character: str) -> None:
    secret = generate(mode)
    assume(secret[place] != character)

    assert not is_well_formed(secret[:place] + character + secret[place + 1 :])


@given(modes, st.integers(0, 46), st.sampled_from(ALPHABET + "_"))
def test_no_character_can_be_put_in_or_left_out(mode: str, place: int, character: str) -> None:
    secret = generate(mode)

    assert not is_well_formed(secret[:place] + character + secret[place:])
    assert not is_well_formed(secret[:place] + secret[place + 1 :])


@given(modes, st.integers(0, 45))
def test_no_two_neighbours_can_be_swapped(mode: str, place: int) -> None:
    secret = generate(mode)
    assume(secret[place] != secret[place + 1])
    swapped = secret[:place] + secret[place + 1] + secret[place] + secret[place + 2 :]

    assert not is_well_formed(swapped)


@given(st.text())
def test_no_other_text_is_a_secret(text: str) -> None:
    assert not is_well_formed(text)


@pytest.mark.parametrize(
    "spoilt",
    [
        SECRET + "\n",
        " " + SECRET,
        SECRET + " ",
        SECRET.upper(),
        SECRET.lower(),
        SECRET.replace("live", "test"),
        SECRET.replace("wak_", "wak-"),
        SECRET[:-6] + "000000",
        SECRET[:-1] + "０",
        f'"{SECRET}"',
        f"Bearer {SECRET}",
        "",
    ],
    # The secret is another in each run, and the name of a test must not be.
    ids=range(12),
)
def test_a_spoilt_secret_is_not_well_formed(spoilt: str) -> None:
    assert not is_well_formed(spoilt)


@given(st.integers(0, 46), st.sampled_from(ALPHABET))
def test_a_changed_secret_is_refused_without_a_single_query(
    shared: World, place: int, character: str
) -> None:
    secret = shared.key()
    assume(secret[place] != character)
    with counting_statements(shared) as statements:
        answer = shared.get(MESSAGES, secret[:place] + character + secret[place + 1 :])

    error(answer, 401, "INVALID_API_KEY")
    assert statements == []


def test_a_well_formed_secret_of_no_key_costs_one_query(shared: World) -> None:
    with counting_statements(shared) as statements:
        error(shared.get(MESSAGES, generate("live")), 401, "INVALID_API_KEY")

    assert len(statements) == 1


def test_no_key_at_all_costs_no_query(shared: World) -> None:
    with counting_statements(shared) as statements:
        error(shared.get(MESSAGES, key=None), 401, "MISSING_API_KEY")

    assert statements == []


def test_the_digest_is_an_hmac_and_cannot_be_made_without_the_pepper() -> None:
    made = digest(SECRET, b"pepper")

    assert made == hmac.digest(b"pepper", SECRET.encode(), "sha256")
    assert made != hashlib.sha256(SECRET.encode()).digest()
    assert made != digest(SECRET, b"another pepper")
    assert len(made) == 32


@pytest.mark.parametrize("mode", MODES)
def test_what_may_be_shown_are_the_prefix_and_the_last_four(mode: str) -> None:
    assert masked(mode, "aB3x") == f"wak_{mode}_…aB3x"
