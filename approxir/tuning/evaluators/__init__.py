"""Ready-made evaluators: compiled kernels, and programs that are run as commands."""
