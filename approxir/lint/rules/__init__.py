"""The rules, one class in a file named after its code and name; `approxir.lint.registry` finds them."""
