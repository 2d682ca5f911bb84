"""A whole graph as one compiled step: formulas gathered, fused, laid out in lanes, scheduled, printed as C++."""
