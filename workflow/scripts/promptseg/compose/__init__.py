"""All objects of an image or a volume in one label map, and what that costs."""
