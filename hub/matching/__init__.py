"""Who is this? Pure: scores what custodians hold against who is asked about, and never joins on a score alone."""
