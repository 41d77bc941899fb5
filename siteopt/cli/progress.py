"""Progress of a solve on stderr: one live line on a terminal, a few plain lines in a pipe."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.text import Text

from siteopt.formatting import money, percent

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from siteopt.run.progress import Progress

#: Least time between lines for a new plan or bound in a pipe, s,
MOST_OFTEN = 1.0
#: and between lines that only say that the work goes on, s.
HEARTBEAT = 15.0


class ProgressPrinter:
    """A display of the progress of a solve; call it with each report, inside its ``with`` statement.

    Parameters
    ----------
    console : rich.console.Console
        On stderr.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.perf_counter()
        self._latest: Progress | None = None
        self._printed: Progress | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        self._began = time.perf_counter()
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self._live_line, refresh_per_second=4, transient=True
            )
            try:
                self._live.start()
            except RuntimeError:  # it needs a thread, and a limit on them is reached: plain lines do without
                self._live = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._latest is not None and self._latest is not self._printed:
            self._print(self._latest)

    def __call__(self, progress: Progress) -> None:
        self._latest = progress
        if self._live is None and self._is_news(progress):
            self._print(progress)

    def _is_news(self, progress: Progress) -> bool:
        last = self._printed
        if last is None:
            return True
        since = progress.seconds - last.seconds
        # The first plan is the news that everyone waits for.
        first = last.incumbent_usd is None and progress.incumbent_usd is not None
        changed = (progress.incumbent_usd, progress.bound_usd) != (last.incumbent_usd, last.bound_usd)
        return first or since >= (MOST_OFTEN if changed else HEARTBEAT)

    def _print(self, progress: Progress) -> None:
        self._printed = progress
        self._console.print(progress_line(progress, progress.seconds), soft_wrap=True)

    def _live_line(self) -> Text:
        seconds = time.perf_counter() - self._began
        text = "reading and routing" if self._latest is None else progress_line(self._latest, seconds)
        return Text(text if self._latest else f"{seconds:7.1f} s  {text}", no_wrap=True, overflow="ellipsis")


def progress_line(progress: Progress, seconds: float) -> str:
    """Write one report in a line: elapsed time, best plan, bound, gap, and which engine it comes from."""
    plan = "none yet" if progress.incumbent_usd is None else money(progress.incumbent_usd)
    bound = "none yet" if progress.bound_usd is None else money(progress.bound_usd)
    gap = "-" if progress.gap is None else percent(progress.gap)
    if progress.gap is None and progress.incumbent_usd is not None and progress.bound_usd is not None:
        gap = money(progress.incumbent_usd - progress.bound_usd)
    return f"{seconds:7.1f} s  plan {plan:>9}  bound {bound:>9}  gap {gap:>7}  ({progress.source})"
