"""Two finished runs against one another, object by object."""
