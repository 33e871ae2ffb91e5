"""What ails the controller, in plain words, on a page and by a command; what may be sent on."""
