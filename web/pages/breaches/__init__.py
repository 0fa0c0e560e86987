"""Which promises were broken, by how much, and when in the week; and excusing them."""
