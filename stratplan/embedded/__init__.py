"""The private MongoDB server, started on the data folder when no other server is named."""
