"""The notation: read, checked, elaborated into operations, and printed again."""
