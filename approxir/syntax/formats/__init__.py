"""The custom form of known operations: tables in `grammar/dialects/*.fmt`, and what runs them both ways.

`traits` is cheap and needs no table of formats; `reader` and `writer` load a dialect's table on first use.
"""
