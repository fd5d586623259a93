"""Hand-off to IREE: compiling modules of StableHLO and its relatives for CPUs and GPUs, and running them."""
