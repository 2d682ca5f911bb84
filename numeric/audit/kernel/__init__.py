"""How a user's kernel is run, asked and judged."""
