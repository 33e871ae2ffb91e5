"""This package builds the installable packages of LopHoc, and the stick that carries them."""
