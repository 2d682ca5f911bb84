"""The laws that derivations are made of, each an equality with its statement, and why they come to an end."""
