"""The simulated user: points, boxes and clicks cut from the truth."""
