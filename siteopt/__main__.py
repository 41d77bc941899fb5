"""The process ``siteopt``: the command and ``python -m siteopt``."""

import contextlib
import os
import signal
import sys
from typing import NoReturn

#: Ctrl-C, and how Slurm, Docker and Kubernetes announce the end.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED = 130


def run() -> NoReturn:
    """Run the command, and end the process with its exit code.

    The process is this command's alone, so that what belongs to a whole process is decided here and not in
    :func:`siteopt.cli.main`: signals, standard streams, and how it ends.
    """
    _take_standard_streams()
    _on_signals(_end_at_once)
    try:
        from siteopt.cli import main

        code = main(on_start=lambda: _on_signals(signal.default_int_handler))
    except KeyboardInterrupt:
        code = INTERRUPTED
        with contextlib.suppress(OSError):
            print("siteopt: interrupted", file=sys.stderr)
    except ImportError as error:
        code = 4
        print(f"siteopt: the installation is broken: {error}", file=sys.stderr)
    _on_signals(signal.SIG_IGN)  # nothing is left to be interrupted
    _flush_standard_streams()
    if code == INTERRUPTED:
        # Where the interrupt came inside of exec(), Python remembers it and would end by the signal, not by the code.
        os._exit(code)
    sys.exit(code)


def _on_signals(handler: object) -> None:
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as in a shell's background, or under nohup
            signal.signal(number, handler)  # type: ignore[arg-type]


def _end_at_once(_signal: int, _frame: object) -> NoReturn:
    """There is nothing to lose yet, and an exception would be lost where modules are imported."""
    with contextlib.suppress(OSError):
        os.write(2, b"siteopt: interrupted\n")
    os._exit(INTERRUPTED)


def _take_standard_streams() -> None:
    """Let closed ones (``>&-``) lead nowhere: the next file that is opened would take their place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this


def _flush_standard_streams() -> None:
    """Write what is left; where its reader is gone, let it go nowhere, for the interpreter would try again."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    run()
