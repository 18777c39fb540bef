"""How prompts on a few slices become masks on all of them."""
