"""Other people's work judged: a formula, the lines of a derivation, a kernel; each verdict with a witness that anyone
can evaluate again."""
