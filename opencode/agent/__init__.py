"""Who works: agents and their prompts, instruction files, commands and skills."""
