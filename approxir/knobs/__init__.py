"""Knobs of a module: found, shown, edited, and set from configurations.

`Module.knobs`, `Module.knob`, `Module.config` and `Module.apply` are the way in.
"""
