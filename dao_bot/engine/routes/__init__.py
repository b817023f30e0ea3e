"""Routes: how approved calls reach the Safe. One file for each; found by entry point `dao_bot.routes`."""
