"""The same scenarios against this server and the published one, with the same scripted model."""
