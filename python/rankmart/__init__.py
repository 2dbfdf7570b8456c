"""Rankmart: ranked product recommendations from a file of reviews."""
