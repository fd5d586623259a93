"""Search engines: what proposes the next configuration. `Engine` is what each of them offers."""
