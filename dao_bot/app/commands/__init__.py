"""The commands: names, options and help. A file is imported when one of its commands is used."""
