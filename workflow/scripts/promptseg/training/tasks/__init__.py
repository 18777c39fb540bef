"""What is trained: for each family its network, its loss on a batch of generated images, and its validation."""
