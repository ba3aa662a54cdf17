"""Three pretend agencies speaking real protocols, about people who do not exist."""
