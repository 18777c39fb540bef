"""The same methods under all presets of a run: values, what presets hide, and how often rankings change."""
