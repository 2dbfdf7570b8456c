"""Rankmart beside the Python libraries that one would otherwise take, on equal terms."""
