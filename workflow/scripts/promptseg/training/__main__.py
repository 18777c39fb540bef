"""`python -m promptseg.training NAME`: train one of the networks of config/training.yaml."""

import sys

from promptseg.training.command import main

sys.exit(main())
