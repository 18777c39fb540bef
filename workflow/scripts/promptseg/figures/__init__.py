"""The figures. A module's `draw` makes one from files of a run, `style.save` writes it; `catalogue` lists them all."""
