"""What the box remembers: SQLite, one module of plain SQL per aggregate."""
