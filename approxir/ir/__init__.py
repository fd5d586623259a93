"""The tree of a module: operations, blocks, regions and values."""
