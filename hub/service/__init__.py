"""Use cases: what the hub does, in order. Sequences I/O and pure decisions; does neither itself."""
