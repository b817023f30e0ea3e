"""What the page can be opened for, one file for each."""
