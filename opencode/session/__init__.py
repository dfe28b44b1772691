"""Where the work is: the record, the prompt, the request, the turn, the run."""
