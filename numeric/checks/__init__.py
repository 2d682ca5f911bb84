"""Samples that expose mistakes, bounds that are computed, and verdicts that say what was compared."""
