"""The checks behind `Module.parse_all` and `Module.verify`, one concern a file."""
