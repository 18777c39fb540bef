"""What is told of routes: means, intervals, what is lost with the distance from a prompt."""
