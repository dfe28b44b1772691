"""Developer programs, each `python -m tools.<name>`, each with its manual in its docstring."""
