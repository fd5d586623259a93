"""Data for the example kernels: made from seeds, or read from files. NumPy is needed (extra ``interp``)."""
