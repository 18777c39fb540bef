"""One file per archive whose client fetches files into the drop folder, and `fill`, which calls them."""
