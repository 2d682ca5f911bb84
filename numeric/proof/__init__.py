"""How statements about formulas are proved for all sizes at once."""
