"""The provider test kit: the built-in providers pass it, and each of its checks can fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from faulty_providers import NOBODY, SETTINGS, ClaimsNothing, Good, sign
from flask_waapi import CallbackRequest, Provider, ProviderContext, StatusUpdate
from flask_waapi.content import CONTENT_TYPES
from flask_waapi.testing import ProviderConformance
from flask_waapi.testing.samples import SAMPLE_CONTENTS, secrets_in
from provider_faults import FAULTS
from waapi_logging import LoggingProvider
from waapi_simulation import SimulationProvider

pytest_plugins = ["pytester"]


class TestSimulation(ProviderConformance):
    rejected_recipient = "+15550131026"

    def make_provider(self, context: ProviderContext) -> Provider:
        return SimulationProvider(context)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"delivered_after": 0.5, "read_after": 3, "templates": []}


class TestSimulationWithItsDefaults(ProviderConformance):
    def make_provider(self, context: ProviderContext) -> Provider:
        return SimulationProvider(context)


class TestLogging(ProviderConformance):
    def make_provider(self, context: ProviderContext) -> Provider:
        return LoggingProvider(context)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"level": "WARNING", "show_content": False}


class GatewayConformance(ProviderConformance):
    """What the author of such a provider writes; ``provider_type`` is set for each fault."""

    provider_type: ClassVar[type[Good]] = Good
    rejected_recipient = NOBODY

    def make_provider(self, context: ProviderContext) -> Provider:
        return self.provider_type(context)

    def unreachable_settings(self, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**settings, "address": "nowhere"}

    def signed_callback(self, updates: Sequence[StatusUpdate]) -> CallbackRequest:
        facts = [
            {
                "status": update.status,
                "at": update.occurred_at.isoformat(),
                "id": update.provider_message_id,
                "code": update.refusal.code if update.refusal else None,
            }
            for update in updates
        ]
        body = json.dumps(facts).encode()
        return CallbackRequest({"x-signature": sign(body)}, body=body)

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return SETTINGS


class TestAGoodProvider(GatewayConformance):
    """Passes; what is left out are contents it does not claim."""


def failures(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, conformance: type) -> set[str]:
    """The names of the checks that fail in a run of pytest of its own."""
    # Each run would import and rewrite the plugins of the environment anew, which takes seconds.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setitem(sys.modules, "under_test", SimpleNamespace(Conformance=conformance))
    path = pytester.makepyfile(
        """
        from under_test import Conformance

        class TestProvider(Conformance):
            pass
        """
    )
    run = pytester.inline_run(path, "-q", "-p", "no:cacheprovider")
    _, _, failed = run.listoutcomes()
    return {report.nodeid.split("::")[-1].split("[")[0] for report in failed}


@pytest.mark.parametrize(("fault", "expected"), FAULTS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_provider_with_one_fault_fails_the_check_of_it_and_no_other(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    fault: type[Good],
    expected: set[str],
) -> None:
    conformance = type("Conformance", (GatewayConformance,), {"provider_type": fault})

    assert failures(pytester, monkeypatch, conformance) == expected


def test_every_check_can_fail() -> None:
    checks = {name for name in dir(ProviderConformance) if name.startswith("test_")}

    assert set().union(*(expected for _, expected in FAULTS)) == checks


def test_a_provider_that_claims_no_content_is_told_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    conformance = type("Conformance", (GatewayConformance,), {"provider_type": ClaimsNothing})

    assert {
        "test_it_claims_contents_of_the_vocabulary",
        "test_two_messages_get_two_ids",
    } <= failures(pytester, monkeypatch, conformance)


def test_an_author_who_does_not_say_how_to_make_the_provider_is_told_so(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    conformance = type("Conformance", (ProviderConformance,), {})

    assert "test_two_messages_get_two_ids" in failures(pytester, monkeypatch, conformance)


def test_the_kit_has_a_sample_of_every_content() -> None:
    assert {cls: type(sample) for cls, sample in SAMPLE_CONTENTS.items()} == {
        cls: cls for cls in CONTENT_TYPES
    }


def test_secrets_are_found_by_their_names_however_deep() -> None:
    settings = {
        "access_token": "alpha",
        "verify_token": "",
        "nested": {"App-Secret": "bravo", "deeper": {"api_key": "charlie"}},
        "address": "delta",
        "key_count": 5,
    }

    assert set(secrets_in(settings)) == {"alpha", "bravo", "charlie"}


def test_the_testing_package_can_be_imported_without_pytest() -> None:
    program = (
        "import sys; sys.modules['pytest'] = None;"
        "from flask_waapi.testing import ManualClock; ManualClock().advance(1)"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
