"""How fast the API is, beside a bare handler in the same run."""
