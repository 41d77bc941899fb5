"""``python -m siteopt`` is the command ``siteopt``."""

import sys

from siteopt.cli import main

if __name__ == "__main__":
    sys.exit(main())
