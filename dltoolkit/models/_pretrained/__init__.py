"""Bodies that others trained: how their weights are found, read and tuned."""
