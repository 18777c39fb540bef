"""From files of a dataset to 2-D images with label maps, and to the objects in them."""
