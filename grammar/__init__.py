"""The grammars of approxir as data files, for `importlib.resources`."""
