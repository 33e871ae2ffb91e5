"""Network cameras that speak ONVIF: found, and asked what they are."""
