"""Measurements that are too large for a test."""
