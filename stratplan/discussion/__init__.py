"""Comments on tasks and questions to the units that are responsible for them."""
