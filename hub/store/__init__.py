"""Where the signed log lives: tables, keys, the appender, and the reader for the verifier. SQLAlchemy Core, no ORM."""
