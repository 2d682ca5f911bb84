"""From loop plans to readable text, and from that text to functions."""
