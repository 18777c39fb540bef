"""What a run will do and why, what it will cost, how far it is, and what state a folder of results is in."""
