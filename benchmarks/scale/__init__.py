"""How time and memory grow with the reviews: made-up data of any size, and a run on it."""
