"""What a training run is made of: digits, batches, schedules, updates, checkpoints."""
