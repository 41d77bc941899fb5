"""Make the picture of the README's tour: ``python examples/tour/pictures.py``.

Needs siteopt and Chromium. Solves the German example (a minute at most), makes its report page and photographs it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
GERMANY = HERE.parent / "germany" / "scenario.json"
CHROMIUM = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")


def main() -> None:
    """Solve, report, photograph."""
    with tempfile.TemporaryDirectory() as folder:
        plan, page = Path(folder) / "plan.json", Path(folder) / "report.html"
        siteopt("solve", str(GERMANY), "--out", str(plan))
        siteopt("report", str(plan), "--scenario", str(GERMANY), "-o", str(page))
        picture = HERE / "report.png"
        size = ("--window-size=1280,1180", f"--screenshot={picture}", page.as_uri())
        subprocess.run([*CHROMIUM, *size], check=True, capture_output=True)
    print(picture)


def siteopt(*arguments: str) -> None:
    """Run a command of siteopt."""
    subprocess.run([sys.executable, "-m", "siteopt", *arguments], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
