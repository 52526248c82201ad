"""Lists, counts, maps and searches in SQL, always inside a tenant and the reader's compiled scope."""
