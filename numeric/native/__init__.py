"""Compiled code: a C++ compiler found, its results kept by content, loaded with ctypes."""
