"""`python -m promptseg.command`, for a shell in which the command is not installed."""

from promptseg.command.main import main

if __name__ == "__main__":
    main()
