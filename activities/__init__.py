"""Side effects of an instance: planning, loading, recording, delivering. Dependencies come in through constructors."""
