"""Reading and decoding of every kind of data, one module a kind. `dltoolkit.data` gives the public names."""
