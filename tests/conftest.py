"""Hypothesis profiles, and instances that many tests read and none changes."""

from __future__ import annotations

import logging
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from support.documents.small_scenario import small_scenario
from support.paths import EXAMPLES

from siteopt.compile import compile_instance
from siteopt.scenario import load_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from siteopt.instance import Instance
    from siteopt.scenario import Scenario

GERMANY = EXAMPLES / "germany"

# Solvers and enumerations take as long as they take: no test fails for being slow.
SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
settings.register_profile("default", deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.register_profile(
    "ci", deadline=None, suppress_health_check=SLOW_IS_FINE, derandomize=True, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


# A shell without job control lets what it starts in the background ignore Ctrl-C, and so would all that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class _Raise(logging.Handler):
    """A bug that costs a user no plan is only logged; here it fails the test."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info is not None and record.exc_info[1] is not None:
            raise record.exc_info[1]


RAISE = _Raise(logging.ERROR)
logging.getLogger("siteopt").addHandler(RAISE)


@pytest.fixture
def bugs_are_logged() -> Iterator[None]:
    """As outside of tests."""
    logging.getLogger("siteopt").removeHandler(RAISE)
    yield
    logging.getLogger("siteopt").addHandler(RAISE)


@pytest.fixture(scope="session")
def small() -> Scenario:
    """The scenario of ``small_scenario``."""
    return load_scenario(small_scenario())


@pytest.fixture(scope="session")
def small_instance(small: Scenario) -> Instance:
    """The same, compiled."""
    return compile_instance(small)


@pytest.fixture(scope="session")
def germany() -> Scenario:
    """The example that the README solves."""
    if not GERMANY.is_dir():
        pytest.skip("examples/ is not here: the tests run on an installed package alone")
    return load_scenario(GERMANY / "scenario.json")


@pytest.fixture(scope="session")
def germany_instance(germany: Scenario) -> Instance:
    """The same, compiled."""
    return compile_instance(germany)
