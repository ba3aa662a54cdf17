"""Plain values and the words of the field. Pure: no I/O, no clock, no randomness, no environment."""
