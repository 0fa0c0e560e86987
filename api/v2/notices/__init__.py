"""What the engine sends by itself: notices, as the OpenAPI document describes them."""
