"""What tuners need: the parameters of a module's text, and configurations applied to it."""
