"""The database: tables, repositories and the unit of work. Knows nothing of chats or conversations."""
