"""The directory in front of us: which project it is, its configuration, its files, its history."""
