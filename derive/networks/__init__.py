"""Graphs of operations, the networks of the decks, and what can be counted about them."""
