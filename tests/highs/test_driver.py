"""HiGHS inside a host that it knows nothing about: silent, and without a hand on what is the host's."""

from __future__ import annotations

import subprocess
import sys

#: One thread writes lines while another makes solvers.
WRITES = """
import os, threading
import numpy as np
from siteopt.highs.driver import HighsDriver
from siteopt.highs.programme import Draft
draft = Draft()
draft.rows(1.0, np.inf, (0, draft.columns(1.0, 2.0), 1.0))
matrix, ended, n = draft.matrix(1.0, 0.0), threading.Event(), 0
def write():
    global n
    while not ended.is_set():
        os.write(1, b"%d\\n" % n)
        n += 1
    os.write(2, b"%d" % n)
thread = threading.Thread(target=write)
thread.start()
while n < 1000:
    HighsDriver(matrix)
ended.set()
thread.join()
"""
NO_OUTPUT = """
import sys
sys.stdout = None
from siteopt.highs.driver import HighsDriver, Limits
from siteopt.highs.monitor import Silent
from siteopt.highs.programme import Draft
draft = Draft()
draft.rows(1.0, 2.0, (0, draft.columns(1.0, 2.0), 1.0))
assert HighsDriver(draft.matrix(1.0, 0.0)).solve(Limits(), Silent()).objective == 1.0
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )


def test_lines_of_other_threads_do_not_vanish_while_a_solver_is_made() -> None:
    """Standard output was turned away meanwhile, so that HiGHS could print its banner: 5 of 3,317 lines were lost."""
    done = run(WRITES)
    assert done.stdout.splitlines() == [str(n) for n in range(int(done.stderr))]
    assert int(done.stderr) >= 1000


def test_a_solver_needs_no_standard_output() -> None:
    assert run(NO_OUTPUT).stdout == ""
