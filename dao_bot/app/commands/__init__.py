"""The commands by what they are for: names, options and help. What one does is imported when it runs."""
