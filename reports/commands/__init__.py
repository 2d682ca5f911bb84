"""One file a command: the function `run`, whose signature is what may be typed."""
