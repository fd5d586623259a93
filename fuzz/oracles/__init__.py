"""Oracles: what must hold of texts, rewritings and engines, each one function that raises `OracleFailure`."""
