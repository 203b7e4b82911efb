"""Everything soc-core knows, in one database: SQLite in a file by default, PostgreSQL for more than one machine."""
