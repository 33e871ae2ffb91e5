"""What devices are known by, and the school's word on which two are one and what they are."""
