"""Who signs the log's head: a key in a file, in a hardware token, or in a process of its own (docs/keys.md)."""
