"""Work concurrent with the caller's."""

from __future__ import annotations

import threading
import time

import pytest

from siteopt.run.concurrency import concurrently


def test_the_task_is_told_to_stop_when_the_body_ends():
    seen = []

    def task(goes_on):
        while goes_on():
            time.sleep(0.001)
        seen.append("ended")

    with concurrently(task, lambda: None):
        assert not seen
    assert seen == ["ended"]


def test_what_the_task_raises_is_raised_at_the_end_of_the_body():
    def task(goes_on):
        raise ValueError("of the task")

    told = threading.Event()
    with pytest.raises(ValueError, match="of the task"), concurrently(task, told.set):
        assert told.wait(10.0)
