"""Mathematics for readers: expressions, indices and sizes as LaTeX, text and Python."""
