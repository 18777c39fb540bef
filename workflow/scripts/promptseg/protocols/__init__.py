"""The evaluation protocols of others as presets: declarations over one set of building blocks."""
