"""The record in SQL: SQLite by default, PostgreSQL for several keepers."""
