"""A made-up shop with products, shoppers and reviews, for the demo and for tests."""

from rankmart.demo_data.files import DemoData, write_demo_data

__all__ = ["DemoData", "write_demo_data"]
