"""The `tasks` stage in the database: what a person is told to look at."""
