"""From text to structure: lexemes, the structural parser, and the parsers of attributes and types."""
