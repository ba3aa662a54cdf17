"""A witness that any agency can run: C2SP tlog-witness. It needs nothing of the hub but the formats of the log."""
