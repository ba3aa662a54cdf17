"""A GraphQL federation hub for inter-agency information sharing in child safeguarding."""
