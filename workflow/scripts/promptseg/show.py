"""`python -m promptseg.show results`: `promptseg show` under the name that it had before there was a command."""

import sys

from promptseg.command.main import main

if __name__ == "__main__":
    sys.argv.insert(1, "show")
    main()
