"""The meaning of the approx dialect, executed directly (`docs/semantics.md`)."""
