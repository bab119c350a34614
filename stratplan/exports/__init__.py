"""Tables as files: knows rows and cells, no slice."""
