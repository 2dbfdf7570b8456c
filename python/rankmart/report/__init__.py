"""The report: one HTML page on the published run, read from the warehouse."""
