"""Every item of all schools: the list that each number leads to, and one item."""
