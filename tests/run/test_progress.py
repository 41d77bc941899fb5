"""The clock of a solve, and who may stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siteopt.run.progress import Clock

if TYPE_CHECKING:
    import pytest


def test_what_was_stopped_stays_stopped() -> None:
    answers = iter([False, True, False])
    clock = Clock(60.0, lambda: next(answers))
    assert clock.left > 0.0
    assert [clock.left, clock.left, clock.interrupted] == [0.0, 0.0, True]


def test_a_stop_that_fails_stops(caplog: pytest.LogCaptureFixture) -> None:
    """It would fail anywhere in the solve, and take the plan with it."""

    def stop() -> bool:
        raise ConnectionError("nobody answers")

    assert Clock(60.0, stop).left == 0.0
    assert "stop raised an exception" in caplog.text
