"""The table generator: reads the tables of types and calls and writes what the build needs from them."""
