"""One module per kind of record system. Every failure past this line is a value."""
