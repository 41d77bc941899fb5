"""Progress on stderr: news at once, repetition rarely, one line on a terminal."""

from __future__ import annotations

import io

from rich.console import Console

from siteopt.cli.progress import ProgressPrinter, progress_line
from siteopt.run.progress import Progress


def report(seconds: float, incumbent: float | None = None, bound: float | None = None) -> Progress:
    """A report with a gap wherever there can be one."""
    gap = None if incumbent is None or bound is None else (incumbent - bound) / incumbent
    return Progress(seconds, incumbent, bound, gap, "search")


def lines(reports: list[Progress]) -> list[str]:
    """What a pipe gets of the reports."""
    stream = io.StringIO()
    with ProgressPrinter(Console(file=stream, width=40)) as printer:
        for item in reports:
            printer(item)
    return stream.getvalue().splitlines()


def test_line() -> None:
    """Elapsed time, plan, bound, gap and source."""
    line = progress_line(report(12.34, 8.124e8, 8.012e8), 12.34)
    assert line == "   12.3 s  plan   $812.4M  bound   $801.2M  gap    1.4%  (search)"
    assert "plan  none yet  bound  none yet  gap       -" in progress_line(report(0.0), 0.0)


def test_pipe_gets_at_most_a_line_a_second() -> None:
    """A thousand improvements within a second are one line, and the last of them is not lost."""
    shown = lines([report(0.0), *(report(0.5 + i / 1000, 9e5 - i) for i in range(400))])
    assert [line.split()[0] for line in shown] == ["0.0", "0.5", "0.9"]
    assert "$899,601" in shown[-1]


def test_pipe_hears_of_the_first_plan_at_once() -> None:
    """Everyone waits for that."""
    shown = lines([report(0.0), report(0.1, 5e6)])
    assert len(shown) == 2
    assert "$5.00M" in shown[1]


def test_pipe_is_not_filled_while_nothing_happens() -> None:
    """A minute without news is a sign of life every 15 s."""
    shown = lines([report(float(t), 5e6) for t in range(61)])
    assert [line.split()[0] for line in shown] == ["0.0", "15.0", "30.0", "45.0", "60.0"]


def test_terminal_gets_one_live_line() -> None:
    """The line is redrawn in place and gone at the end."""
    stream = io.StringIO()
    with ProgressPrinter(Console(file=stream, force_terminal=True, width=100)) as printer:
        printer(report(0.0, 5e6, 4e6))
        printer(report(0.1, 4.5e6, 4e6))
    text = stream.getvalue()
    assert "plan    $4.50M  bound    $4.00M" in text
    assert text.endswith("\x1b[2K")


def test_long_lines_are_not_wrapped_in_a_pipe() -> None:
    """A pipe has no width: one report, one line."""
    assert len(lines([report(1.0, 8.124e8, 8.012e8)])) == 1
