"""What all of the service uses and that knows nothing of it: ciphers, cursors, waiting, reading documents."""
