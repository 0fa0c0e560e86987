"""The workflow of an instance, a part of it in each module; `SlaInstance` puts them together."""
