"""The room's network: our addresses in it, who answers, what people typed."""
