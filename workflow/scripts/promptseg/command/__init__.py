"""The command `promptseg`: one file per subcommand."""
