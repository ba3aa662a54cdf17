"""The policies in force, in plain English, and why a decision is what it is."""
