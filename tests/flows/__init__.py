"""A prompt's life as a transcript, one file a story."""
