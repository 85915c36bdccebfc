"""The settings of a Cloud API instance: what is needed, what is refused, what stays secret."""

from __future__ import annotations

from typing import Any

import pytest

from flask_waapi import ProviderSettingsError, Throughput
from waapi_cloud.settings import CloudSettings, read_settings

COMPLETE = {
    "phone_number_id": "106540352242922",
    "access_token": "EAAGmySecretToken",
    "business_account_id": "102290129340398",
    "app_secret": "my-app-secret",
    "verify_token": "my-verify-token",
    "base_url": "https://graph.example/",
    "api_version": "v24.0",
    "connect_timeout": 2,
    "read_timeout": 7.5,
}


def test_the_two_required_settings_suffice() -> None:
    settings = read_settings({"phone_number_id": "1", "access_token": "token"})
    assert settings == CloudSettings(
        phone_number_id="1",
        access_token="token",
        base_url="https://graph.facebook.com",
        api_version="v23.0",
        connect_timeout=5.0,
        read_timeout=30.0,
    )


def test_every_setting_can_be_given() -> None:
    settings = read_settings(COMPLETE)
    assert settings.base_url == "https://graph.example"
    assert settings.connect_timeout == 2.0
    assert settings.secrets == ("EAAGmySecretToken", "my-app-secret", "my-verify-token")


def test_none_counts_as_not_given() -> None:
    assert read_settings({**COMPLETE, "app_secret": None}).app_secret is None


def test_an_id_that_a_reader_made_a_number_of_is_taken() -> None:
    assert read_settings({**COMPLETE, "phone_number_id": 123}).phone_number_id == "123"


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        read_settings({"acces_token": "x", "read_timeout": "30", "colour": "blue"})
    assert len(caught.value.problems) == 5
    text = str(caught.value)
    assert "'acces_token' that does not exist; did you mean 'access_token'?" in text
    assert "'colour' that does not exist; there are phone_number_id, access_token" in text
    assert "lacks the setting 'phone_number_id'" in text
    assert "lacks the setting 'access_token'" in text
    assert "'read_timeout' that must be a number of seconds" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone_number_id", "+15555550100"),
        ("phone_number_id", ""),
        ("phone_number_id", True),
        ("access_token", ""),
        ("access_token", "token\n"),
        ("access_token", "two words"),
        ("access_token", "tökén"),
        ("access_token", b"token"),
        ("base_url", "graph.facebook.com"),
        ("base_url", "ftp://graph.facebook.com"),
        ("base_url", "https://"),
        ("base_url", "https://user:password@graph.facebook.com"),
        ("base_url", "https://127.0.0.1\\@graph.facebook.com"),
        ("base_url", "https://graph.facebook.com/?x=1"),
        ("base_url", "https://graph.facebook.com/#x"),
        ("base_url", "https://graph.face\nbook.com"),
        ("base_url", 1),
        ("api_version", "23.0"),
        ("api_version", "v23"),
        ("api_version", "v23.0/../v1.0"),
        ("connect_timeout", 0),
        ("connect_timeout", True),
        ("connect_timeout", None.__class__),
        ("read_timeout", float("nan")),
        ("read_timeout", 100_000),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ProviderSettingsError) as caught:
        read_settings({**COMPLETE, name: value})
    (problem,) = caught.value.problems
    assert repr(name) in problem


@pytest.mark.parametrize("name", ["access_token", "app_secret", "verify_token"])
def test_a_secret_is_neither_in_the_repr_nor_in_a_complaint(name: str) -> None:
    assert str(COMPLETE[name]) not in repr(read_settings(COMPLETE))
    with pytest.raises(ProviderSettingsError) as caught:
        read_settings({**COMPLETE, name: "a secret with spaces"})
    assert "a secret" not in str(caught.value)


# How fast the number sends


def test_a_number_sends_as_fast_as_meta_lets_a_new_one() -> None:
    throughput = read_settings({"phone_number_id": "1", "access_token": "token"}).throughput

    assert throughput == Throughput(
        number="1", messages_per_second=80, burst=8, recipient_interval=6, recipient_burst=45
    )


def test_a_number_may_be_said_to_send_faster_slower_or_without_a_limit() -> None:
    fast = read_settings({**COMPLETE, "messages_per_second": 1000, "recipient_interval": 0}).throughput
    slow = read_settings({**COMPLETE, "messages_per_second": 0.5, "recipient_burst": 1}).throughput
    free = read_settings({**COMPLETE, "messages_per_second": 0}).throughput

    assert (fast.messages_per_second, fast.burst, fast.recipient_interval) == (1000, 100, 0)
    assert (slow.messages_per_second, slow.burst, slow.recipient_burst) == (0.5, 1, 1)
    assert free.messages_per_second == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("messages_per_second", value) for value in (-1, 0.001, 10_001, "80", True, float("nan"))),
        *(("recipient_interval", value) for value in (-6, 3_601, "6", True)),
        *(("recipient_burst", value) for value in (0, -1, 1.5, "45", True, 10_001)),
    ],
)
def test_a_pace_that_is_none_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ProviderSettingsError, match=f"has a setting '{name}' that must be"):
        read_settings({**COMPLETE, name: value})
