"""Matching: scenario tables, properties, and a generated population with twins in it."""
