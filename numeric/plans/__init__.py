"""From index notation to loop plans: what every kernel is printed from."""
