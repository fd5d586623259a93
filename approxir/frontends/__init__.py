"""From other languages to annotated modules: JAX functions, and C and C++ with annotations in comments."""
