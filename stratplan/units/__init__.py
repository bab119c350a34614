"""Units: who is responsible, shared by the plans of an organisation."""
