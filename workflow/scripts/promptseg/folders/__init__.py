"""What a folder of a user holds, and the configuration that would read it: `promptseg init`."""
