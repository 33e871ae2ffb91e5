"""What is in the room's network: who announces itself, who answers, who has gone."""
