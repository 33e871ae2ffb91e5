"""What people and the department see of the controller: pages, the API, the live feed."""
