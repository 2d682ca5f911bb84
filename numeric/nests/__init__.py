"""From index notation to loop nests: what compiled kernels, in C++ and in Triton, are printed from."""
