"""What is read of instances: views, lists, their past and its explanation."""
