"""Run the comparison from the command line."""

import sys

from promptseg.parity.command import main

sys.exit(main())
