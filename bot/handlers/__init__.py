"""One file per conversation; a new one is a file here, a line below and a test file."""
