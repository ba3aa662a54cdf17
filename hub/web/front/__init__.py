"""The front door: find a child, see what the agencies together know, confirm a match, make a chronology."""
