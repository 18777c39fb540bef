"""The figures. Each function takes a data frame and returns a matplotlib figure; `style.save` writes it."""
