"""Commands for whoever runs the engine: keys, organizations, who is told, and which ticket systems are heard."""
