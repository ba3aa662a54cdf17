"""Tests of the invented world and the pretend agencies."""
