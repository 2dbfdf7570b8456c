"""The sub-commands of `rankmart`: options, and what is printed. They import when they run."""
