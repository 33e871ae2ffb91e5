"""A stocktake (kiểm kê): the book against what persons find, room by room."""
