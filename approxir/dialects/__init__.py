"""Dialects that approxir knows more about than how they are spelled."""
