"""What `lophoc-controller` does besides running: rosters, schedules, cards."""
