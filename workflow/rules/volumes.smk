"""Objects over all slices of a volume: data, routes, scores and tables beside those of the images."""
