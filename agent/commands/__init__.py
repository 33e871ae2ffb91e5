"""What a person asks on the command line beside a running agent."""
