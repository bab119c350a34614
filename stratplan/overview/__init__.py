"""Pages across slices; reads only, owns no document."""
