"""Release requests: asking a holder to lift what was withheld, and answering for one's agency."""
