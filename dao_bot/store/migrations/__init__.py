"""Migrations of the store, run by `dao_bot.store.migrate` when a database is older than the program."""
